package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"tocsin/api"
	"tocsin/fsm"
)

// errLeadLost ends the work of a term.
var errLeadLost = errors.New("the lead was lost")

const barrierTimeout = 10 * time.Second

// leads reports whether this node leads, as far as it knows.
func (n *Node) leads() bool { return n.raft.State() == raft.Leader }

// Leader implements api.Membership: who leads, and where to reach it.
func (n *Node) Leader() (api.LeaderInfo, bool) {
	address, id := n.raft.LeaderWithID()
	if id == "" {
		return api.LeaderInfo{}, false
	}
	info := api.LeaderInfo{Node: string(id), Raft: string(address)}
	if o, ok := n.machine.View().Observer(info.Node); ok {
		info.HTTP = o.HTTP
	} else if info.Node == n.cfg.Name {
		info.HTTP = n.cfg.advertised(n.cfg.HTTP)
	}
	return info, true
}

// drainLeads reads what raft says of the lead, for the life of the node: raft
// stands still while nobody does. It only notes and wakes.
func (n *Node) drainLeads(ctx context.Context) error {
	for {
		select {
		case leading := <-n.leadCh:
			n.lead.note(leading)
		case <-ctx.Done():
			return nil
		}
	}
}

// leadWord is the newest word of raft about this node's lead. Every word counts:
// a lead that was lost and won again is another term.
type leadWord struct {
	mu      sync.Mutex
	leading bool
	words   uint64
	heard   chan struct{} // cap 1: there is a newer word
}

func newLeadWord() *leadWord { return &leadWord{heard: make(chan struct{}, 1)} }

func (l *leadWord) note(leading bool) {
	l.mu.Lock()
	l.leading = leading
	l.words++
	l.mu.Unlock()
	select {
	case l.heard <- struct{}{}:
	default:
	}
}

func (l *leadWord) last() (leading bool, words uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leading, l.words
}

// followLead does the work of the leader while this node leads. The work of
// one term has ended before that of the next begins.
func (n *Node) followLead(ctx context.Context) error {
	stop := func(error) {}
	defer func() { stop(ctx.Err()) }()
	var seen uint64
	for {
		select {
		case <-n.lead.heard:
		case <-ctx.Done():
			return nil
		}
		leading, words := n.lead.last()
		if words == seen {
			continue
		}
		seen = words
		stop(errLeadLost)
		stop = func(error) {}
		if leading {
			stop = n.startTerm(ctx)
		}
	}
}

// startTerm starts the work of one term. What it returns ends the work and
// waits for it.
func (n *Node) startTerm(ctx context.Context) (stop func(cause error)) {
	ctx, cancel := context.WithCancelCause(ctx)
	var work sync.WaitGroup
	work.Go(func() { n.term(ctx) })
	return func(cause error) {
		cancel(cause)
		work.Wait()
	}
}

func (n *Node) term(ctx context.Context) {
	since := time.Now()
	term := n.raft.CurrentTerm()
	log := n.log.With("term", term)
	n.metrics.Leadership.Won()
	log.Info("this node leads")
	defer func() { log.Info("this node leads no more", "cause", context.Cause(ctx)) }()

	// Everything committed by earlier leaders is applied here before anything
	// is decided.
	// And a new cluster gets its id.
	for n.barrier(ctx) != nil || n.found(ctx) != nil {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
	n.established.Store(term)
	n.ballots.Refresh() // ours must be younger than the lead to count
	n.leaderChanged.broadcast()

	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return n.loop.Run(working, term, since) })
	group.Go(func() error { return n.keepMembership(working) })
	group.Go(func() error { return n.keepNudging(working) })
	group.Go(func() error { return n.keepHearing(working) })
	group.Go(func() error { return n.forgetEnded(working) })
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		log.Error("the work of the leader has ended", "err", err)
	}
}

func (n *Node) barrier(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, barrierTimeout)
	defer cancel()
	return n.futures.await(ctx, n.raft.Barrier(barrierTimeout))
}

// found gives a new cluster its id, first settings and first tokens.
func (n *Node) found(ctx context.Context) error {
	if n.machine.View().ClusterID() != "" {
		return nil
	}
	_, err := n.commitEntry(ctx, fsm.Found{ClusterID: n.newClusterID(), Settings: n.cfg.Settings, Tokens: n.firstTokens()})
	return err
}

// nudge asks for the followers to be told soon of what was committed: by
// itself raft tells them with the next entry, or after its commit timeout.
func (n *Node) nudge() {
	select {
	case n.nudges <- struct{}{}:
	default: // one is asked for already, and will cover this commit too
	}
}

func (n *Node) keepNudging(ctx context.Context) error {
	for {
		select {
		case <-n.nudges:
			_ = n.barrier(ctx) // the next one will do
		case <-ctx.Done():
			return nil
		}
	}
}

package consensus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"tocsin/api"
)

// errLeadLost ends the work of a term.
var errLeadLost = errors.New("the lead was lost")

const barrierTimeout = 10 * time.Second

// Leads reports whether this node leads, as far as it knows.
func (m *Member) Leads() bool { return m.raft.State() == raft.Leader }

// Leader returns who leads, and where to reach it, as far as this node knows.
func (m *Member) Leader() (api.LeaderInfo, bool) {
	address, id := m.raft.LeaderWithID()
	if id == "" {
		return api.LeaderInfo{}, false
	}
	info := api.LeaderInfo{Node: string(id), Raft: string(address)}
	if o, ok := m.machine.View().Observer(info.Node); ok {
		info.HTTP = o.HTTP
	} else if info.Node == m.config.Node {
		info.HTTP = m.config.HTTP
	}
	return info, true
}

// drainLeads reads what raft says of the lead, for the life of the node: raft
// stands still while nobody does. It only notes and wakes.
func (m *Member) drainLeads(ctx context.Context) error {
	for {
		select {
		case leading := <-m.leadCh:
			m.lead.note(leading)
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
func (m *Member) followLead(ctx context.Context) error {
	stop := func(error) {}
	defer func() { stop(ctx.Err()) }()
	var seen uint64
	for {
		select {
		case <-m.lead.heard:
		case <-ctx.Done():
			return nil
		}
		leading, words := m.lead.last()
		if words == seen {
			continue
		}
		seen = words
		stop(errLeadLost)
		stop = func(error) {}
		if leading {
			stop = m.startTerm(ctx)
		}
	}
}

// startTerm starts the work of one term. What it returns ends the work and
// waits for it.
func (m *Member) startTerm(ctx context.Context) (stop func(cause error)) {
	ctx, cancel := context.WithCancelCause(ctx)
	var work sync.WaitGroup
	work.Go(func() { m.term(ctx) })
	return func(cause error) {
		cancel(cause)
		work.Wait()
	}
}

func (m *Member) term(ctx context.Context) {
	since := time.Now()
	term := m.raft.CurrentTerm()
	log := m.log.With("term", term)
	m.config.Leadership.Won()
	log.Info("this node leads")
	defer func() { log.Info("this node leads no more", "cause", context.Cause(ctx)) }()

	// Everything committed by earlier leaders is applied here before anything
	// is decided, and a new cluster gets its id.
	for m.barrier(ctx) != nil || m.found(ctx) != nil {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
	m.established.Store(term)
	m.config.Established()
	m.leaderChanged.broadcast()

	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return m.config.Lead(working, term, since) })
	group.Go(func() error { return m.keepNudging(working) })
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		log.Error("the work of the leader has ended", "err", err)
	}
}

func (m *Member) barrier(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, barrierTimeout)
	defer cancel()
	return m.futures.await(ctx, m.raft.Barrier(barrierTimeout))
}

// found gives a new cluster its id, first settings and first tokens.
func (m *Member) found(ctx context.Context) error {
	if m.machine.View().ClusterID() != "" {
		return nil
	}
	_, err := m.Commit(ctx, m.config.Found())
	return err
}

// nudge asks for the followers to be told soon of what was committed: by
// itself raft tells them with the next entry, or after its commit timeout.
func (m *Member) nudge() {
	select {
	case m.nudges <- struct{}{}:
	default: // one is asked for already, and will cover this commit too
	}
}

func (m *Member) keepNudging(ctx context.Context) error {
	for {
		select {
		case <-m.nudges:
			_ = m.barrier(ctx) // the next one will do
		case <-ctx.Done():
			return nil
		}
	}
}

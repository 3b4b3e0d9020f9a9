package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

const (
	// callTimeout bounds one call to one address.
	callTimeout = 3 * time.Second
	// dialTimeout bounds how long a node may take to let itself be connected to.
	dialTimeout = 2 * time.Second
	// The pause between rounds of asking grows from the first to the second.
	firstPause, longestPause = 100 * time.Millisecond, time.Second
	// complainFrom is the pause from which on failing is worth a line: at first
	// a node may simply be quicker than those it asks.
	complainFrom = 800 * time.Millisecond
)

// register makes this process known to the cluster and returns its epoch. It
// asks until it succeeds: a cluster without a leader can't take anybody in.
func (n *Node) register(ctx context.Context) (epoch uint64, err error) {
	pause := firstPause
	var complained error
	for {
		if o := n.registered(); o != nil {
			return o.Epoch, nil
		}
		if err := n.outdated(); err != nil {
			return 0, err
		}
		leaderChanged := n.raft.LeaderChanged()
		err := n.askAnybody(ctx)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if n.final(err) {
			return 0, fmt.Errorf("the cluster does not take this node in: %w", err)
		}
		if err != nil && pause >= complainFrom && (complained == nil || err.Error() != complained.Error()) {
			complained = err
			_, led := n.Leader()
			n.log.Info("no leader has taken this node in since its start, it keeps asking", "reason", unregistered(n.out.Identity.Cluster != "", led), "err", err)
		}
		waiting, cancel := context.WithTimeout(ctx, pause/2+rand.N(pause))
		if n.awaitRegistration(waiting, leaderChanged) != nil {
			pause = min(2*pause, longestPause)
		}
		cancel()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}

// awaitRegistration waits until the state shows what ends the asking, or until
// it is worth while to ask somebody else. That the state changes otherwise is no
// reason to ask again: in a busy cluster it always does.
func (n *Node) awaitRegistration(ctx context.Context, leaderChanged <-chan struct{}) error {
	for {
		view := n.machine.View()
		if n.registered() != nil || n.outdated() != nil {
			return nil
		}
		select {
		case <-view.Superseded():
		case <-leaderChanged:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// outdated says why this node can't go on if its data directory is an older copy
// of what it had: the cluster knows of a start that the directory does not.
func (n *Node) outdated() error {
	o, known := n.machine.View().Observer(n.cfg.Name)
	if !known || o.Disk != n.out.Identity.Disk || o.Start <= n.out.Identity.Starts {
		return nil
	}
	return fmt.Errorf("this data directory is an older copy: it was started %d times, and the cluster knows of start %d; "+
		"what it voted for and took in since then is lost: run \"tocsin recover quarantine --all --data-dir %s\" and start again with --join: the node then comes in as a new member", n.out.Identity.Starts, o.Start, n.cfg.DataDir)
}

// registered returns this node as an observer, once the registration of this
// very process is applied here, and nil before.
func (n *Node) registered() *fsm.Observer {
	o, ok := n.machine.View().Observer(n.cfg.Name)
	if !ok || o.Incarnation != n.incarnation {
		return nil
	}
	return o
}

// askAnybody asks the leader if it is known, and else everybody who may know.
func (n *Node) askAnybody(ctx context.Context) error {
	if n.raft.Leads() {
		_, err := n.admit(ctx, n.registration(), false)
		return err
	}
	addresses := n.addressesToAsk()
	if len(addresses) == 0 {
		return errors.New("there is nobody to ask: no leader is known, and no --join was given")
	}
	var errs []error
	for _, address := range addresses {
		_, err := n.ask(ctx, address)
		if err == nil {
			return nil
		}
		errs = append(errs, err) // it names the address
		if n.final(err) || ctx.Err() != nil {
			return err
		}
	}
	return oneLine(errs)
}

// final reports whether an answer ends the asking. A node without a cluster
// takes a refusal for an answer. A member asks on, for whoever refuses it may be
// the stranger; but that its build is too old is said only within its cluster,
// and will never change.
func (n *Node) final(err error) bool {
	if errors.Is(err, api.ErrDenied) {
		return !n.isMember()
	}
	r, refused := errors.AsType[*fsm.Refusal](err)
	return refused && (r.Code == fsm.TooOld || !n.isMember())
}

// oneLine joins what several addresses answered into an error for one log line.
func oneLine(errs []error) error {
	words := make([]string, len(errs))
	for i, err := range errs {
		words[i] = err.Error()
	}
	return errors.New(strings.Join(words, "; "))
}

func (n *Node) addressesToAsk() []string {
	var addresses []string
	add := func(address string) {
		if address != "" && address != n.cfg.advertised(n.cfg.HTTP) && !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	if leader, ok := n.Leader(); ok {
		add(leader.HTTP)
	}
	for o := range n.machine.View().Observers() {
		add(o.HTTP)
	}
	for _, address := range n.cfg.Join {
		add(address)
	}
	return addresses
}

func (n *Node) ask(ctx context.Context, address string) (peer.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return n.out.Peers.Register(ctx, address, n.registration())
}

// registration says of this process what the leader wants to know.
func (n *Node) registration() peer.Registration {
	reads := n.cfg.Dialect.Reads()
	if reads == 1 {
		reads = 0 // which says the same, also to who has not heard of protocols
	}
	return peer.Registration{
		ClusterID: n.clusterID(), Protocol: reads,
		Node: n.cfg.Name, Site: n.cfg.Site, Incarnation: n.incarnation, Version: n.cfg.Version,
		Raft:   n.cfg.advertised(n.cfg.Raft),
		Gossip: n.cfg.advertised(n.cfg.Gossip),
		HTTP:   n.cfg.advertised(n.cfg.HTTP),
		Disk:   n.out.Identity.Disk, Start: n.out.Identity.Starts,
		BallotKey: fsm.FormatBallotKey(n.out.BallotKey),
		Fresh:     !n.isMember(),
	}
}

// clusterID returns the cluster this node belongs to, "" if to none yet.
func (n *Node) clusterID() string {
	if id := n.machine.View().ClusterID(); id != "" {
		return id
	}
	return n.out.Identity.Cluster
}

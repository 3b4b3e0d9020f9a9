package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

const (
	// callTimeout bounds one call to one address.
	callTimeout = 3 * time.Second
	// The pause between rounds of asking grows from the first to the second.
	firstPause, longestPause = 100 * time.Millisecond, time.Second
	// complainFrom is the pause from which on failing is worth a line: at first
	// a node may simply be quicker than those it asks.
	complainFrom = 800 * time.Millisecond
)

// establish makes a node that belongs to no cluster part of one: of that of
// its --join addresses, or, with --bootstrap, of a new one when none of them
// belongs to any. A node that belongs to a cluster already needs nothing.
func (n *Node) establish(ctx context.Context) error {
	exists, err := raft.HasExistingState(n.out.Raft.Log, n.out.Raft.Stable, n.out.Raft.Snapshots)
	if err != nil {
		return fmt.Errorf("look for the state of raft: %w", err)
	}
	if exists {
		return nil
	}
	if n.cfg.Bootstrap {
		reached, err := n.clusterReachable(ctx)
		if err != nil {
			return err
		}
		if !reached {
			return n.bootstrap()
		}
		n.log.Info("a cluster can be reached, so none is founded: this node joins it", "addresses", strings.Join(n.cfg.Join, ","))
		return nil
	}
	if len(n.cfg.Join) == 0 {
		n.log.Info("this node belongs to no cluster and was told neither --bootstrap nor --join: it waits for a member to take it in", "gossip", n.cfg.advertised(n.cfg.Gossip))
	}
	return nil
}

// bootstrap founds a cluster with this node as its only voter. Its id and its
// settings are committed by the first leader, which is this node.
func (n *Node) bootstrap() error {
	self := raft.Server{
		Suffrage: raft.Voter,
		ID:       raft.ServerID(n.cfg.Name),
		Address:  raft.ServerAddress(n.cfg.advertised(n.cfg.Raft)),
	}
	n.log.Info("this node founds a new cluster")
	err := n.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error()
	if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return fmt.Errorf("found a new cluster: %w", err)
	}
	return nil
}

// clusterReachable reports whether any --join address belongs to a cluster, or
// soon will: of two nodes that were both told to bootstrap and belong to none
// yet, the one whose name comes first founds it and the other joins. An answer
// that can't be understood is an error: founding a second cluster beside one
// that may be there does more harm than not starting.
func (n *Node) clusterReachable(ctx context.Context) (bool, error) {
	for _, address := range n.cfg.Join {
		asking, cancel := context.WithTimeout(ctx, callTimeout)
		other, err := n.out.Peers.Introduce(asking, address)
		cancel()
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.Is(err, api.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
			n.log.Info("a --join address does not answer", "address", address, "err", err)
		case err != nil:
			return false, fmt.Errorf("--join: whether %s belongs to a cluster can't be told, so none is founded: %w", address, err)
		case other.ClusterID != "", other.Bootstrap && other.Node < n.cfg.Name:
			return true, nil
		}
	}
	return false, nil
}

// register makes this process known to the cluster and returns its epoch. It
// asks until it succeeds: a cluster without a leader can't take anybody in.
func (n *Node) register(ctx context.Context) (epoch uint64, err error) {
	pause := firstPause
	var complained error
	for {
		if o := n.registered(); o != nil {
			return o.Epoch, nil
		}
		view, leaderChanged := n.machine.View(), n.leaderChanged.wait()
		err := n.askAnybody(ctx)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, refused := errors.AsType[*fsm.Refusal](err); refused {
			return 0, fmt.Errorf("the cluster does not take this node in: %w", err)
		}
		if err != nil && pause >= complainFrom && (complained == nil || err.Error() != complained.Error()) {
			complained = err
			n.log.Info("this node is not registered yet, it keeps asking", "err", err)
		}
		select {
		case <-view.Superseded(): // our registration may have come
		case <-leaderChanged:
		case <-time.After(pause/2 + rand.N(pause)):
			pause = min(2*pause, longestPause)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
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
	if n.leads() {
		_, err := n.Register(ctx, n.registration())
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
		if _, refused := errors.AsType[*fsm.Refusal](err); refused || ctx.Err() != nil {
			return errs[len(errs)-1]
		}
	}
	return oneLine(errs)
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

func (n *Node) ask(ctx context.Context, address string) (api.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return n.out.Peers.Register(ctx, address, n.registration())
}

// registration says of this process what the leader wants to know.
func (n *Node) registration() api.Registration {
	return api.Registration{
		ClusterID: n.clusterID(),
		Node:      n.cfg.Name, Site: n.cfg.Site, Incarnation: n.incarnation, Version: n.cfg.Version,
		Raft:   n.cfg.advertised(n.cfg.Raft),
		Gossip: n.cfg.advertised(n.cfg.Gossip),
		HTTP:   n.cfg.advertised(n.cfg.HTTP),
		Fresh:  n.startedEmpty,
	}
}

// clusterID returns the cluster this node belongs to, "" if to none yet.
func (n *Node) clusterID() string {
	if id := n.machine.View().ClusterID(); id != "" {
		return id
	}
	return n.out.Identity.Cluster
}

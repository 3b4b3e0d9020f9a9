package clustertest

import (
	"context"
	"errors"
	"fmt"
	"net"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/keyring"
	"tocsin/node"
)

// peers calls other nodes as HTTP would, without HTTP: over the network in
// memory, with its cuts and delays.
type peers struct {
	cluster *Cluster
	from    string
	life    context.Context // of the calling process: the dead call nobody
}

// call runs ask on the node at the address. A lost request was not done; of a
// lost answer nobody can tell.
func call[A any](ctx context.Context, p peers, address string, ask func(*node.Node) (A, error)) (A, error) {
	var none A
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return none, err
	}
	if !p.cluster.Net.Travel(simnet.OfCalls, p.from, host) || p.life.Err() != nil {
		<-ctx.Done()
		return none, fmt.Errorf("%s: %w", address, api.ErrUnreachable)
	}
	target, up := p.cluster.listening(address)
	if !up {
		return none, fmt.Errorf("%s: connection refused: %w", address, api.ErrUnreachable)
	}
	type reply struct {
		answer A
		err    error
	}
	replies := make(chan reply, 1)
	go func() {
		answer, err := ask(target)
		replies <- reply{answer, err}
	}()
	select {
	case r := <-replies:
		if !p.cluster.Net.Travel(simnet.OfCalls, host, p.from) || ctx.Err() != nil {
			<-ctx.Done()
			return none, api.ErrUncertain
		}
		return r.answer, r.err
	case <-ctx.Done():
		return none, api.ErrUncertain
	}
}

// listening returns the node that serves HTTP at the address.
func (c *Cluster) listening(address string) (n *node.Node, up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.address(httpPort) == address {
			return m.node, m.node != nil
		}
	}
	return nil, false
}

// Introduce implements node.Peers.
func (p peers) Introduce(ctx context.Context, address string, self peer.Introduction) (peer.Introduction, error) {
	return call(ctx, p, address, func(n *node.Node) (peer.Introduction, error) { return n.Introduce(self), nil })
}

// Register implements node.Peers. Like the client over HTTP it goes on to the
// leader that a node names.
func (p peers) Register(ctx context.Context, address string, r peer.Registration) (peer.Welcome, error) {
	return toLeader(address, func(address string) (peer.Welcome, error) {
		return call(ctx, p, address, func(n *node.Node) (peer.Welcome, error) { return n.Register(ctx, r) })
	})
}

// Propose implements node.Peers.
func (p peers) Propose(ctx context.Context, address, cluster string, entry []byte) ([]fsm.Result, error) {
	return toLeader(address, func(address string) ([]fsm.Result, error) {
		return call(ctx, p, address, func(n *node.Node) ([]fsm.Result, error) { return n.ProposeAsLeader(ctx, cluster, entry) })
	})
}

// Index implements node.Peers.
func (p peers) Index(ctx context.Context, address string, verified bool) (uint64, error) {
	return toLeader(address, func(address string) (uint64, error) {
		return call(ctx, p, address, func(n *node.Node) (uint64, error) { return n.IndexAsLeader(ctx, verified) })
	})
}

// Account implements node.Peers.
func (p peers) Account(ctx context.Context, address, key string) (peer.Account, error) {
	return call(ctx, p, address, func(n *node.Node) (peer.Account, error) { return n.Account(key), nil })
}

// Check implements node.Peers.
func (p peers) Check(ctx context.Context, address, key string) (peer.CheckAnswer, error) {
	return call(ctx, p, address, func(n *node.Node) (peer.CheckAnswer, error) {
		sample, err := n.Check(ctx, key)
		return peer.CheckAnswer{Node: n.Self().Node, Sample: sample}, err
	})
}

// GossipKeys implements node.Peers.
func (p peers) GossipKeys(ctx context.Context, address string) (peer.RingReport, error) {
	return call(ctx, p, address, func(n *node.Node) (peer.RingReport, error) {
		return peer.RingReport{Node: n.Self().Node, Held: n.GossipKeys()}, nil
	})
}

// ChangeKeys implements node.Peers.
func (p peers) ChangeKeys(ctx context.Context, address string, change keyring.Change) (peer.RingReport, error) {
	return call(ctx, p, address, func(n *node.Node) (peer.RingReport, error) {
		ring, err := n.ChangeKeys(change)
		return peer.RingReport{Node: n.Self().Node, Held: keyring.Hold(ring, ring, nil)}, err
	})
}

// Transfer implements node.Peers.
func (p peers) Transfer(ctx context.Context, address, to string) error {
	_, err := toLeader(address, func(address string) (struct{}, error) {
		return call(ctx, p, address, func(n *node.Node) (struct{}, error) { return struct{}{}, n.TransferAsLeader(ctx, to) })
	})
	return err
}

// toLeader asks a node, and the leader that it names instead.
func toLeader[A any](address string, ask func(address string) (A, error)) (answer A, err error) {
	for range 4 {
		answer, err = ask(address)
		elsewhere, misdirected := errors.AsType[api.ErrNotLeader](err)
		if !misdirected || elsewhere.LeaderHTTP == "" {
			return answer, err
		}
		address = elsewhere.LeaderHTTP
	}
	return answer, err
}

package node

import (
	"context"
	"fmt"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// Register implements server.Peer: another process asks to be taken in.
func (n *Node) Register(ctx context.Context, r peer.Registration) (peer.Welcome, error) {
	onlyNew, err := n.mayRegister(ctx, r)
	if err != nil {
		return peer.Welcome{}, err
	}
	return n.admit(ctx, r, onlyNew)
}

// admit takes a started process into the observers, if this node leads: onlyNew not in
// the place of another one. The raft configuration follows by itself (see
// membership.Plan).
func (n *Node) admit(ctx context.Context, r peer.Registration, onlyNew bool) (peer.Welcome, error) {
	view := n.machine.View()
	if !n.raft.Leads() {
		n.noteMoved(r)
		return peer.Welcome{}, n.raft.NotLeader()
	}
	if view.ClusterID() == "" {
		return peer.Welcome{}, api.ErrNoLeader // it leads, but has not founded the cluster yet
	}
	if refused := n.refuse(view, r); refused != nil {
		return peer.Welcome{}, refused
	}
	entry := registering(r)
	if view.Registered(entry) {
		// No entry: it would change nothing, unless a later process registers
		// meanwhile. And who asks again every second does not make the log grow.
		return n.welcome(r.Node), nil
	}
	entry.AsOf, entry.New = view.Index(), onlyNew
	results, err := n.raft.ProposeHere(ctx, entry)
	switch {
	case err != nil:
		return peer.Welcome{}, err
	case results[0].Refused != nil:
		return peer.Welcome{}, results[0].Refused
	}
	return n.welcome(r.Node), nil
}

// registering is the entry that registers that process.
func registering(r peer.Registration) fsm.RegisterObserver {
	return fsm.RegisterObserver{
		Node: r.Node, Site: r.Site, Incarnation: r.Incarnation, Disk: r.Disk, Start: r.Start,
		Raft: r.Raft, Gossip: r.Gossip, HTTP: r.HTTP, Version: r.Version, Protocol: r.Protocol, BallotKey: r.BallotKey,
	}
}

// welcome tells a node that was taken in what it wants to know.
func (n *Node) welcome(node string) peer.Welcome {
	view := n.machine.View()
	w := peer.Welcome{ClusterID: view.ClusterID()}
	for o := range view.Observers() {
		w.Gossip = append(w.Gossip, o.Gossip)
		if o.Node == node {
			w.Epoch = o.Epoch
		}
	}
	return w
}

// refuse says why a process can't be taken in as it is, nil if it can.
func (n *Node) refuse(view *fsm.View, r peer.Registration) error {
	conflict := func(format string, args ...any) error {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf(format, args...)}
	}
	if r.ClusterID != "" && r.ClusterID != view.ClusterID() {
		return conflict("node %q belongs to the cluster %s, and this one is %s: two clusters are never mixed. If a node has lost its disk and founded this one by mistake, stop that node and start it again when the others are up; if %s is to move here, give it an empty --data-dir", r.Node, r.ClusterID, view.ClusterID(), r.Node)
	}
	for o := range view.Observers() {
		switch {
		case o.Node == r.Node && o.Incarnation == r.Incarnation:
			// It asks again.
		case o.Node == r.Node && o.Disk == r.Disk && r.Start < o.Start:
			// The state machine says so too, but only after an entry for each time
			// that it is asked.
			return conflict("node %q has been started again since this process of it registered, or its data directory is an older copy", o.Node)
		case o.Node == r.Node && r.Fresh && o.Raft != r.Raft && n.fresh(o):
			return conflict("a node %q is alive at %s, or was moments ago: choose another --node, or stop that one first; one that has just died can be replaced when nothing was heard of it for %v", o.Node, o.Raft, view.Settings().BallotTTL())
		case o.Node != r.Node && o.Raft == r.Raft && n.fresh(o):
			// Of one that is silent nobody knows where it will be: it may have been
			// given another address, and wait for the one that this node leaves.
			// (Of two that ask at once the state machine takes the first.)
			return conflict("the raft address %s belongs to node %q, which was heard there moments ago: choose another --raft, or stop that node; its address is free when nothing was heard of it for %v", r.Raft, o.Node, view.Settings().BallotTTL())
		}
	}
	return nil
}

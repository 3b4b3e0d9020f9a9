package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

// Introduce implements api.Peer.
func (n *Node) Introduce() api.Introduction {
	return api.Introduction{Node: n.cfg.Name, ClusterID: n.clusterID(), Bootstrap: n.cfg.Bootstrap}
}

// Register implements api.Peer: the leader takes a started process into the
// observers. The raft configuration follows by itself (see plan).
func (n *Node) Register(ctx context.Context, r api.Registration) (api.Welcome, error) {
	view := n.machine.View()
	if !n.leads() {
		return api.Welcome{}, n.notLeader()
	}
	if view.ClusterID() == "" {
		return api.Welcome{}, api.ErrNoLeader // it leads, but has not founded the cluster yet
	}
	if refused := n.refuse(view, r); refused != nil {
		return api.Welcome{}, refused
	}
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	if r.Fresh {
		if err := n.forgetVotes(ctx, r.Node); err != nil {
			return api.Welcome{}, err
		}
	}
	results, err := n.local.propose(ctx, []fsm.Command{fsm.RegisterObserver{
		Node: r.Node, Site: r.Site, Incarnation: r.Incarnation,
		Raft: r.Raft, Gossip: r.Gossip, HTTP: r.HTTP, Version: r.Version,
	}})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return api.Welcome{}, api.ErrUncertain
	case err != nil:
		return api.Welcome{}, err
	case results[0].Refused != nil:
		return api.Welcome{}, results[0].Refused
	}
	return n.welcome(r.Node)
}

func (n *Node) welcome(node string) (api.Welcome, error) {
	view := n.machine.View()
	w := api.Welcome{ClusterID: view.ClusterID()}
	for o := range view.Observers() {
		w.Gossip = append(w.Gossip, o.Gossip)
		if o.Node == node {
			w.Epoch = o.Epoch
		}
	}
	return w, nil
}

// refuse says why a process can't be taken in as it is, nil if it can.
func (n *Node) refuse(view *fsm.View, r api.Registration) error {
	conflict := func(format string, args ...any) error {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf(format, args...)}
	}
	if r.ClusterID != "" && r.ClusterID != view.ClusterID() {
		return conflict("node %q belongs to the cluster %s, and this one is %s: two clusters are never mixed; to move the node, give it an empty --data-dir", r.Node, r.ClusterID, view.ClusterID())
	}
	for o := range view.Observers() {
		switch {
		case o.Node == r.Node && o.Incarnation == r.Incarnation:
			// It asks again.
		case o.Node == r.Node && r.Fresh && o.Raft != r.Raft && n.fresh(o):
			return conflict("a node %q is alive at %s: choose another --node, or stop that one first", o.Node, o.Raft)
		case o.Node != r.Node && o.Raft == r.Raft:
			return conflict("the raft address %s belongs to node %q: choose another --raft, or take that node out first (GET /leave?peerAddress=%s)", r.Raft, o.Node, r.Raft)
		}
	}
	return nil
}

// forgetVotes takes a voter out of the raft configuration that comes back with
// an empty disk: it has forgotten whom it voted for, and could vote twice. It
// comes in again as a non-voter and is promoted when it has caught up.
func (n *Node) forgetVotes(ctx context.Context, node string) error {
	servers, err := n.servers()
	if err != nil {
		return err
	}
	if node == n.cfg.Name || suffrageOf(servers, raft.ServerID(node)) != raft.Voter {
		return nil
	}
	n.log.Warn("a voter comes back with nothing on its disk: it starts again as a non-voter", "node", node)
	if err := await(ctx, n.raft.RemoveServer(raft.ServerID(node), 0, stepTimeout)); err != nil {
		return fmt.Errorf("take %s, which has lost its disk, out of the voters: %w", node, err)
	}
	return nil
}

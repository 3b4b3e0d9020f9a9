package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/membership"
)

// What an operator asks of the members by hand, beside joining.

// RaftProgress implements server.Membership.
func (n *Node) RaftProgress() api.RaftProgress {
	s := n.raft.Status()
	p := api.RaftProgress{
		State: n.raft.State(), Term: s.Term,
		CommitIndex: s.Commit, AppliedIndex: s.Applied, LastIndex: s.LastLog, SnapshotIndex: s.Snapshot,
	}
	if s.Silence >= 0 && !s.Leads {
		p.LastContact = new(fsm.Duration(s.Silence.Round(time.Millisecond)))
	}
	return p
}

// RemoveMember implements server.Membership.
func (n *Node) RemoveMember(ctx context.Context, node string, force bool) error {
	view := n.machine.View() // before the servers, which follow it
	servers, err := n.raft.Servers()
	if err != nil {
		return err
	}
	if _, known := view.Observer(node); !known {
		return &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf("there is no member %q: see \"tocsin members\"", node)}
	}
	r := membership.Removal{
		Node: node, Servers: servers, Observers: slices.Collect(view.Observers()), Demands: membership.DemandsOf(view),
		Heard: func(o *fsm.Observer) bool { return o.Node == n.cfg.Name || n.fresh(o) },
	}
	if force {
		return n.leave(ctx, fsm.RemoveObserver{Node: node})
	}
	if cost := r.Costs(); cost != "" {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("%s is not taken out: %s; or ask with force (--force)", node, cost)}
	}
	return n.leave(ctx, fsm.RemoveObserver{Node: node, AsOf: view.Index()})
}

// TransferLead implements server.Membership: it asks the leader to hand the lead
// over, and waits until this node knows who leads then.
func (n *Node) TransferLead(ctx context.Context, to string) (api.LeaderInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	before, known := n.Leader()
	if !known {
		return api.LeaderInfo{}, api.ErrNoLeader
	}
	if to != "" && before.Node == to {
		return before, nil
	}
	var err error
	if n.raft.Leads() {
		err = n.TransferAsLeader(ctx, to)
	} else {
		err = n.out.Peers.Transfer(ctx, before.HTTP, to)
	}
	if err != nil {
		return api.LeaderInfo{}, err
	}
	for {
		changed := n.raft.LeaderChanged()
		if now, known := n.Leader(); known && now.Node != before.Node {
			return now, elected(to, now.Node)
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return api.LeaderInfo{}, fmt.Errorf("%s has handed the lead over, and no other leader was heard of in time: see /v1/cluster", before.Node)
		}
	}
}

// elected refuses to call it done when another one won the election that follows
// a transfer.
func elected(to, leads string) error {
	if to == "" || to == leads {
		return nil
	}
	return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("the lead was handed over to %s, but %s was elected and leads now: ask again if it is to be %s all the same", to, leads, to)}
}

// transferTimeout bounds a transfer, the election that follows it included.
const transferTimeout = 8 * time.Second

// TransferAsLeader implements server.Peer.
func (n *Node) TransferAsLeader(ctx context.Context, to string) error {
	if !n.raft.Leads() {
		return n.raft.NotLeader()
	}
	heir, err := n.handOver(ctx, to, n.following(ctx))
	if _, refused := errors.AsType[*fsm.Refusal](err); refused {
		return err
	}
	if err == nil || !n.raft.Leads() {
		n.log.Info("the lead is handed over because somebody asks for it", "peer", heir)
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return api.ErrUncertain
	}
	return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("the lead could not be handed over to %s, and stays with %s: %v; look at the log of both, and ask again", heir, n.cfg.Name, err)}
}

// handOver gives the lead to a voter that can take it, to that one if it is not "",
// and waits until this node leads no more. Raft bounds a transfer, and while one is
// under way takes nothing else; what asks the other node hangs for as long as a
// call may. In one term it is not tried again with a node with which it came to
// nothing: see consensus.
func (n *Node) handOver(ctx context.Context, to string, able func(*fsm.Observer) bool) (heir string, err error) {
	ctx, cancel := context.WithTimeout(ctx, transferGrace)
	defer cancel()
	servers, err := n.raft.Servers()
	if err != nil {
		return "", err
	}
	term := n.raft.Term()
	untried := func(o *fsm.Observer) bool { return able(o) && (o.Node == to || !n.raft.TriedToHandOver(term, o.Node)) }
	next, refused := membership.Heir(n.cfg.Name, to, servers, slices.Collect(n.machine.View().Observers()), untried)
	if refused != nil {
		return "", refused
	}
	return next.Node, n.raft.HandOver(ctx, term, next)
}

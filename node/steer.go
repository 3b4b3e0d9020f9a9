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

// TransferLeadership implements server.Membership: it asks the leader to hand the lead
// over, and waits until this node knows who leads then.
func (n *Node) TransferLeadership(ctx context.Context, to string) (api.LeaderInfo, error) {
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
	heir, err := n.transferLeadership(ctx, to)
	_, refused := errors.AsType[*fsm.Refusal](err)
	_, lost := errors.AsType[api.ErrNotLeader](err)
	if refused || lost {
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

// transferLeadership gives the lead to a voter that can take it, to that one if it is
// not "", and waits until this node leads no more.
func (n *Node) transferLeadership(ctx context.Context, to string) (heir string, err error) {
	return n.transferTo(ctx, n.fresh, func(s membership.Succession) (api.Server, error) { return s.Heir(to) })
}

// transferTo gives the lead to the voter that choose returns, of those who answer
// when they are asked. Raft bounds a transfer, and while one is under way takes
// nothing else; what asks the other node hangs for as long as a call may.
func (n *Node) transferTo(ctx context.Context, asked func(*fsm.Observer) bool, choose func(membership.Succession) (api.Server, error)) (heir string, err error) {
	ctx, cancel := context.WithTimeout(ctx, transferGrace)
	defer cancel()
	err = n.raft.TransferLeadership(ctx, func(tried func(string) bool) (api.Server, error) {
		servers, err := n.raft.Servers()
		if err != nil {
			return api.Server{}, err
		}
		next, err := choose(membership.Succession{
			Self: n.cfg.Name, Servers: servers, Observers: slices.Collect(n.machine.View().Observers()), Tried: tried,
			Accounts: n.askWhomTheyHear(ctx, servers, func(o *fsm.Observer) bool { return asked(o) && !tried(o.Node) }),
		})
		heir = next.Node
		return next, err
	})
	return heir, err
}

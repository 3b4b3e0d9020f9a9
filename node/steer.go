package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

// What an operator asks of the members by hand, beside joining.

// RaftProgress implements api.Membership.
func (n *Node) RaftProgress() api.RaftProgress {
	s := n.raftScene()
	p := api.RaftProgress{
		State: strings.ToLower(n.raft.State().String()), Term: s.Term,
		CommitIndex: s.Commit, AppliedIndex: s.Applied, LastIndex: s.LastLog, SnapshotIndex: s.Snapshot,
	}
	if s.Silence >= 0 && !s.Leads {
		p.LastContact = new(fsm.Duration(s.Silence.Round(time.Millisecond)))
	}
	return p
}

// RemoveMember implements api.Membership.
func (n *Node) RemoveMember(ctx context.Context, node string, force bool) error {
	view := n.machine.View() // before the servers, which follow it
	servers, err := n.servers()
	if err != nil {
		return err
	}
	if _, known := view.Observer(node); !known {
		return &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf("there is no member %q: see /v1/members", node)}
	}
	r := removal{
		node: node, servers: servers, observers: slices.Collect(view.Observers()), demands: demandsOf(view),
		heard: func(o *fsm.Observer) bool { return o.Node == n.cfg.Name || n.fresh(o) },
	}
	if cost := r.costs(); cost != "" && !force {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("%s is not taken out: %s; or ask with force", node, cost)}
	}
	return n.leave(ctx, fsm.RemoveObserver{Node: node, AsOf: view.Index()})
}

// TransferLead implements api.Membership: it asks the leader to hand the lead
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
	if n.leads() {
		err = n.TransferAsLeader(ctx, to)
	} else {
		err = n.out.Peers.Transfer(ctx, before.HTTP, to)
	}
	if err != nil {
		return api.LeaderInfo{}, err
	}
	for {
		changed := n.leaderChanged.wait()
		if now, known := n.Leader(); known && now.Node != before.Node {
			return now, nil
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return api.LeaderInfo{}, fmt.Errorf("%s has handed the lead over, and no other leader was heard of in time: see /v1/cluster", before.Node)
		}
	}
}

// transferTimeout bounds a transfer, the election that follows it included.
const transferTimeout = 8 * time.Second

// TransferAsLeader implements api.Peer.
func (n *Node) TransferAsLeader(ctx context.Context, to string) error {
	if !n.leads() {
		return n.notLeader()
	}
	servers, err := n.servers()
	if err != nil {
		return err
	}
	view := n.machine.View()
	heir, refused := heirOf(n.cfg.Name, to, servers, slices.Collect(view.Observers()), n.fresh)
	if refused != nil {
		return refused
	}
	n.log.Info("the lead is handed over because somebody asks for it", "peer", string(heir.ID))
	if err := n.handOver(ctx, n.raft.LeadershipTransferToServer(heir.ID, heir.Address)); err != nil && n.leads() {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return api.ErrUncertain
		}
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf("the lead could not be handed over to %s, and stays with %s: %v; look at the log of both, and ask again", heir.ID, n.cfg.Name, err)}
	}
	return nil
}

// heirOf returns the voter that gets the lead: to, or, if that is "", the first of
// those that are heard. It is a pure function. While a transfer is under way
// nothing can be written, and raft may never end one to a node that does not
// answer: so none is begun to a node that is silent.
func heirOf(self, to string, servers []raft.Server, observers []*fsm.Observer, heard func(*fsm.Observer) bool) (raft.Server, *fsm.Refusal) {
	conflict := func(format string, args ...any) *fsm.Refusal {
		return &fsm.Refusal{Code: fsm.Conflict, Message: fmt.Sprintf(format, args...)}
	}
	var able []string
	var heir *raft.Server
	for _, s := range servers {
		at := slices.IndexFunc(observers, func(o *fsm.Observer) bool { return o.Node == string(s.ID) })
		if at < 0 || s.Suffrage != raft.Voter || string(s.ID) == self || !heard(observers[at]) {
			continue
		}
		able = append(able, string(s.ID))
		if string(s.ID) == to || to == "" && heir == nil {
			heir = &s
		}
	}
	member := slices.ContainsFunc(observers, func(o *fsm.Observer) bool { return o.Node == to })
	switch {
	case heir != nil:
		return *heir, nil
	case to != "" && !member:
		return raft.Server{}, &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf("there is no member %q: see /v1/members", to)}
	case len(able) == 0:
		return raft.Server{}, conflict("the lead stays with %s: no other voter is heard that could take it", self)
	}
	return raft.Server{}, conflict("%s can't lead: it does not vote, or is not heard; %s could", to, strings.Join(able, ", "))
}

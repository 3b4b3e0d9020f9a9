package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/membership"
)

const (
	// membershipPause lets changes gather, and bounds how soon a failed step
	// is tried again.
	membershipPause = 200 * time.Millisecond
	// membershipCheck is how often an unfinished plan is looked at again: that
	// a node has caught up, or is silent, shows in its ballots, which wake nobody
	// here.
	membershipCheck = time.Second
	// transferStepTimeout bounds a step that hands the lead over, and the question who
	// could take it.
	transferStepTimeout = 10 * time.Second
)

// keepMembership makes the raft configuration follow the observers, for as long
// as this node leads.
func (n *Node) keepMembership(ctx context.Context) error {
	var told error // a step may fail for as long as this node leads
	for {
		view := n.machine.View()
		err := n.followPlan(ctx)
		if err != nil && ctx.Err() == nil && (told == nil || told.Error() != err.Error()) {
			n.log.Warn("the raft configuration could not be changed, it is tried again", "err", err)
		}
		told = err
		var again <-chan time.Time
		if err != nil || n.planUnfinished() {
			again = time.After(membershipCheck)
		}
		select {
		case <-view.Superseded():
			select {
			case <-time.After(membershipPause):
			case <-ctx.Done():
				return nil
			}
		case <-again:
		case <-ctx.Done():
			return nil
		}
	}
}

// followPlan takes the steps of the plan until there is none.
func (n *Node) followPlan(ctx context.Context) error {
	for ctx.Err() == nil && n.raft.Leads() { // one of the steps ends that
		servers, err := n.raft.Servers()
		if err != nil {
			return err
		}
		view := n.machine.View()
		next, ok := membership.Plan(servers, slices.Collect(view.Observers()), n.cfg.Name, view.Settings().MaxVoters, n.fresh)
		if !ok {
			return nil
		}
		if err := n.take(ctx, next, servers); err != nil {
			return fmt.Errorf("%s %s at %s: %w", next.Kind, next.Node, next.Address, err)
		}
		n.log.Info("the raft configuration has changed", "step", string(next.Kind), "peer", next.Node, "address", next.Address)
	}
	return nil
}

func (n *Node) take(ctx context.Context, s membership.Step, servers []api.Server) error {
	if s.Kind == membership.TransferLeadership {
		ctx, cancel := context.WithTimeout(ctx, transferStepTimeout)
		defer cancel()
		_, err := n.transferLeadership(ctx, "")
		return err
	}
	return n.raft.Take(ctx, s, servers)
}

// planUnfinished reports whether the plan waits for what wakes nobody here, or that
// can't be told.
func (n *Node) planUnfinished() bool {
	servers, err := n.raft.Servers()
	view := n.machine.View()
	return err != nil || membership.Unfinished(servers, slices.Collect(view.Observers()), n.cfg.Name, view.Settings().MaxVoters)
}

// awaitsVote reports whether this node could vote by now, and does not.
func (n *Node) awaitsVote() bool {
	servers, err := n.raft.Servers()
	return err == nil && membership.AwaitsVote(servers, n.cfg.Name, n.machine.View().Settings().MaxVoters)
}

// fresh reports whether o's present process is heard: its newest ballot is
// younger than the time to live. A ballot under that epoch also shows that the
// process has applied the log up to its own registration.
func (n *Node) fresh(o *fsm.Observer) bool {
	held, ok := n.ballots.Table().Get(o.Node, 0)
	return ok && held.Ballot.Epoch == o.Epoch &&
		time.Since(held.MadeAt) < n.machine.View().Settings().BallotTTL()
}

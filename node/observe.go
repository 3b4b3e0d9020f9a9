package node

import (
	"context"

	"tocsin/fsm"
)

// followSettings repeats the ballots at once when the refresh interval becomes
// another: with a shorter one, those that were sent are stale sooner.
func (n *Node) followSettings(ctx context.Context) error {
	for {
		interval := n.machine.View().Settings().BallotRefresh
		changed := func(v *fsm.View) bool { return v.Settings().BallotRefresh != interval }
		if n.machine.Await(ctx, changed) != nil {
			return nil // stopping
		}
		n.gossip.Refresh()
	}
}

// watchUsurper tells the log when somebody else sends ballots in the name of
// this node.
func (n *Node) watchUsurper(ctx context.Context) error {
	for {
		select {
		case epoch := <-n.ballots.Usurped():
			n.log.Warn("a ballot in the name of this node came from another process", "epoch", epoch)
		case <-ctx.Done():
			return nil
		}
	}
}

package node

import (
	"context"
	"time"
)

// leaderlessAfter is how long there may be no leader before it is worth a line:
// an election takes a second or two.
const leaderlessAfter = 5 * time.Second

// sayWhenLeaderless logs, once each, that nothing can be decided because there
// has been no leader for a while, and that there is one again.
func (n *Node) sayWhenLeaderless(ctx context.Context) error {
	for ctx.Err() == nil {
		n.awaitLeader(ctx, false, nil)
		lost := time.Now()
		patience := time.NewTimer(leaderlessAfter)
		if n.awaitLeader(ctx, true, patience.C) || ctx.Err() != nil || n.clusterID() == "" {
			patience.Stop()
			continue
		}
		n.log.Warn("there is no leader: nothing is decided and nobody is notified until a majority of the voters can talk to each other", "for", leaderlessAfter)
		if n.awaitLeader(ctx, true, nil) {
			n.log.Info("there is a leader again", "after", time.Since(lost).Round(time.Millisecond))
		}
	}
	return nil
}

// awaitLeader waits until it is so that a leader is known, or that none is. It
// returns false when ctx ends or late fires before that.
func (n *Node) awaitLeader(ctx context.Context, known bool, late <-chan time.Time) bool {
	for {
		changed := n.raft.LeaderChanged()
		if _, is := n.Leader(); is == known {
			return true
		}
		select {
		case <-changed:
		case <-late:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

package node

import (
	"context"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// maxObservations is how many observations of raft may wait. Raft drops what
// does not fit; the leader is looked up anew after each, and a node that is not
// heard is observed again and again.
const maxObservations = 64

// announceLeader tells those who care that the leader may have changed, and the
// log when a node is not heard any more, and when it is again.
func (n *Node) announceLeader(ctx context.Context) error {
	seen := make(chan raft.Observation, maxObservations)
	observer := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.LeaderObservation, raft.FailedHeartbeatObservation, raft.ResumedHeartbeatObservation:
			return true
		}
		return false
	})
	n.raft.RegisterObserver(observer)
	defer n.raft.DeregisterObserver(observer)
	silent, leader := silentPeers{}, raft.ServerID("")
	for {
		changed := n.leaderChanged.wait()
		select {
		case o := <-seen:
			if n.noteSilence(silent, o.Data) {
				continue
			}
			if _, now := n.raft.LeaderWithID(); now != leader {
				leader = now
				n.metrics.Leadership.Changed()
			}
			n.leaderChanged.broadcast()
		case <-changed:
		case <-ctx.Done():
			return nil
		}
		n.gossip.Refresh()
		if notifier := n.notifier.Load(); notifier != nil {
			notifier.LeadershipChanged()
		}
	}
}

// silentPeers are the nodes that this node, as the leader, does not reach.
type silentPeers map[raft.ServerID]struct{}

// noteSilence logs that a node fell silent or is heard again, once each, and
// reports whether the observation was about that.
func (n *Node) noteSilence(silent silentPeers, observed any) bool {
	switch o := observed.(type) {
	case raft.FailedHeartbeatObservation:
		n.metrics.Leadership.HeartbeatFailed()
		if _, known := silent[o.PeerID]; !known {
			silent[o.PeerID] = struct{}{}
			n.log.Warn("a node does not answer the leader: it is down, or cut off", "peer", string(o.PeerID), "last_contact", time.Since(o.LastContact).Round(time.Millisecond))
		}
	case raft.ResumedHeartbeatObservation:
		delete(silent, o.PeerID)
		n.log.Info("a node answers the leader again", "peer", string(o.PeerID))
	default:
		clear(silent) // another leader looks afresh
		return false
	}
	return true
}

// followSettings repeats the ballots at once when the refresh interval becomes
// another: with a shorter one, those that were sent are stale sooner.
func (n *Node) followSettings(ctx context.Context) error {
	for {
		interval := n.machine.View().Settings().BallotRefresh
		changed := func(v *fsm.View) bool { return v.Settings().BallotRefresh != interval }
		if n.awaitView(ctx, changed) != nil {
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

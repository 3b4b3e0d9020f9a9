package consensus

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

// maxObservations is how many observations of raft may wait. Raft drops what
// does not fit; the leader is looked up anew after each, and a node that is not
// heard is observed again and again.
const maxObservations = 64

// announceLeader tells those who care that the leader may have changed, and the
// log when a node is not heard any more, and when it is again.
func (m *Member) announceLeader(ctx context.Context) error {
	seen := make(chan raft.Observation, maxObservations)
	observer := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.LeaderObservation, raft.FailedHeartbeatObservation, raft.ResumedHeartbeatObservation:
			return true
		}
		return false
	})
	m.raft.RegisterObserver(observer)
	defer m.raft.DeregisterObserver(observer)
	silent, leader := silentPeers{}, raft.ServerID("")
	for {
		changed := m.leaderChanged.wait()
		select {
		case o := <-seen:
			if m.noteSilence(silent, o.Data) {
				continue
			}
			if _, now := m.raft.LeaderWithID(); now != leader {
				leader = now
				m.config.Leadership.Changed()
			}
			m.leaderChanged.broadcast()
		case <-changed:
		case <-ctx.Done():
			return nil
		}
		m.config.LeaderChanged()
	}
}

// silentPeers are the nodes that this node, as the leader, does not reach.
type silentPeers map[raft.ServerID]struct{}

// noteSilence logs that a node fell silent or is heard again, once each, and
// reports whether the observation was about that.
func (m *Member) noteSilence(silent silentPeers, observed any) bool {
	switch o := observed.(type) {
	case raft.FailedHeartbeatObservation:
		m.config.Leadership.HeartbeatFailed()
		if _, known := silent[o.PeerID]; !known {
			silent[o.PeerID] = struct{}{}
			m.log.Warn("a node does not answer the leader: it is down, or cut off", "peer", string(o.PeerID), "last_contact", time.Since(o.LastContact).Round(time.Millisecond))
		}
	case raft.ResumedHeartbeatObservation:
		delete(silent, o.PeerID)
		m.log.Info("a node answers the leader again", "peer", string(o.PeerID))
	default:
		clear(silent) // another leader looks afresh
		return false
	}
	return true
}

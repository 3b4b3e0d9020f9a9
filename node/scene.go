package node

import (
	"time"

	"tocsin/metrics"
	"tocsin/verify"
)

// Scene implements metrics.Source. It answers from memory, as Readiness does.
func (n *Node) Scene() metrics.Scene {
	var streams verify.StreamStats
	if n.out.Streams != nil {
		streams = n.out.Streams()
	}
	return metrics.Scene{
		Now: time.Now(), Self: n.Self(),
		Ready: n.Readiness(), Warnings: n.Warnings(), Blind: n.Blind(), Doubt: n.doubter.Status(),
		View: n.machine.View(), Ballots: n.ballots.Table(),
		Gossip: n.gossip.Stats(), Checks: n.verifier.Progress(), Streams: streams, Raft: n.raft.Status(),
		WritesQueued: n.raft.Queued(),
		FreeBytes:    n.room.known(), LittleRoom: n.room.little(),
		Expiry: n.expiry(), AuditLost: n.trail.missing(),
	}
}

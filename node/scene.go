package node

import (
	"strconv"
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
		Ready: n.Readiness(), Warnings: n.Warnings(), Doubt: n.doubter.Status(),
		View: n.machine.View(), Ballots: n.ballots.Table(),
		Gossip: n.gossip.Stats(), Checks: n.verifier.Progress(), Streams: streams, Raft: n.raftScene(),
		WritesQueued: len(n.local.queue) + len(n.remote.queue),
		FreeBytes:    n.room.Load(), LittleRoom: n.littleRoom.Load(),
		Expiry: n.expiry(), AuditLost: n.trail.missing(),
	}
}

// never is how long ago the leader was heard that never was.
const never = -1

func (n *Node) raftScene() metrics.Raft {
	stats := n.raft.Stats() // those that raft tells in no other way
	number := func(name string) uint64 {
		v, err := strconv.ParseUint(stats[name], 10, 64)
		if err != nil {
			return 0
		}
		return v
	}
	_, known := n.Leader()
	r := metrics.Raft{
		Leads: n.leads(), HasLeader: known, Term: n.raft.CurrentTerm(),
		Commit: n.raft.CommitIndex(), Applied: n.raft.AppliedIndex(), LastLog: n.raft.LastIndex(),
		Snapshot: number("last_snapshot_index"), Pending: number("fsm_pending"),
		Silence: never, Trouble: n.store.Trouble() != "",
	}
	if last := n.raft.LastContact(); r.Leads {
		r.Silence = 0
	} else if !last.IsZero() {
		r.Silence = max(time.Since(last), 0)
	}
	servers, err := n.servers()
	if err != nil {
		return r // it is shutting down
	}
	r.Servers = len(servers)
	for _, s := range servers {
		if s.Voter {
			r.Voters = append(r.Voters, s.Node)
		}
	}
	return r
}

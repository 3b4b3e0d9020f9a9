package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// raftFigures are about raft on this node.
func raftFigures() []figure {
	return []figure{
		gauge("tocsin_raft_has_leader", "1 if the node knows a leader, else 0.", func(s *Scene) float64 { return yes(s.Raft.HasLeader) }),
		gauge("tocsin_raft_leads", "1 if the node leads, as far as it knows, else 0.", func(s *Scene) float64 { return yes(s.Raft.Leads) }),
		gauge("tocsin_raft_term", "The present term of raft.", func(s *Scene) float64 { return float64(s.Raft.Term) }),
		gauge("tocsin_raft_commit_index", "The last entry that the node knows to be committed.", func(s *Scene) float64 { return float64(s.Raft.Commit) }),
		gauge("tocsin_raft_applied_index", "The last entry that the node has applied.", func(s *Scene) float64 { return float64(s.Raft.Applied) }),
		gauge("tocsin_raft_last_log_index", "The last entry in the node's log.", func(s *Scene) float64 { return float64(s.Raft.LastLog) }),
		gauge("tocsin_raft_snapshot_index", "The last entry in the node's newest snapshot.", func(s *Scene) float64 { return float64(s.Raft.Snapshot) }),
		gauge("tocsin_raft_apply_pending", "Entries that raft has handed on and that are not applied yet.", func(s *Scene) float64 { return float64(s.Raft.Pending) }),
		{
			meaning{"tocsin_raft_last_contact_seconds", "How long ago the leader was heard; 0 on the leader, absent if it never was.", nil},
			prometheus.GaugeValue, func(s *Scene, set setter) {
				if s.Raft.Silence >= 0 {
					set(s.Raft.Silence.Seconds())
				}
			},
		},
		gauge("tocsin_raft_servers", "Nodes in the raft configuration.", func(s *Scene) float64 { return float64(s.Raft.Servers) }),
		gauge("tocsin_raft_voters", "Those of them that vote.", func(s *Scene) float64 { return float64(len(s.Raft.Voters)) }),
		gauge("tocsin_raft_spare_voters", "Voters that are heard here, beyond the majority that raft needs. At 0 one more failure stops all writes and decisions, below it they have stopped.",
			func(s *Scene) float64 { return float64(s.spareVoters()) }),
		gauge("tocsin_raft_store_trouble", "1 if a write to the raft store finds no room, or has taken long already, else 0.", func(s *Scene) float64 { return yes(s.Raft.Trouble) }),
	}
}

func (s *Scene) spareVoters() int {
	heard := 0
	for _, name := range s.Raft.Voters {
		if o, known := s.View.Observer(name); known && s.standing(o) != stale {
			heard++
		}
	}
	return heard - (len(s.Raft.Voters)/2 + 1)
}

// Leadership counts what happens to the lead, as this node sees it.
type Leadership struct{ changes, terms, heartbeats prometheus.Counter }

func newLeadership(t *toolbox) *Leadership {
	return &Leadership{
		changes:    t.counter("tocsin_raft_leader_changes_total", "Times that the leader became another, or was lost, as the node saw it."),
		terms:      t.counter("tocsin_raft_terms_led_total", "Times that the node won the lead."),
		heartbeats: t.counter("tocsin_raft_heartbeats_failed_total", "Heartbeats of the node as the leader that a follower did not answer."),
	}
}

// Changed notes that the leader became another, or was lost.
func (l *Leadership) Changed() { l.changes.Inc() }

// Won notes that this node leads.
func (l *Leadership) Won() { l.terms.Inc() }

// HeartbeatFailed notes that a follower did not answer.
func (l *Leadership) HeartbeatFailed() { l.heartbeats.Inc() }

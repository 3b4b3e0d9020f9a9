package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/gossipdb"
)

// gossipFigures are about the ballots that come and go.
func gossipFigures() []figure {
	return []figure{
		gauge("tocsin_gossip_members", "Members of the gossip that seem alive, this node among them.", func(s *Scene) float64 { return float64(s.Gossip.Members) }),
		gauge("tocsin_gossip_queued", "Messages that wait to be gossiped.", func(s *Scene) float64 { return float64(s.Gossip.Queued) }),
		split(prometheus.CounterValue, "tocsin_gossip_ballots_received_total", "Ballots that arrived, by what became of them: only the new ones were kept.",
			label{"result", keysOf(received(gossipdb.Stats{}))}, func(s *Scene, set setter) { setAll(set, received(s.Gossip)) }),
		counter("tocsin_gossip_ballots_announced_total", "Own ballots that were given to the gossip.", func(s *Scene) uint64 { return s.Gossip.Announced }),
		counter("tocsin_gossip_ballots_relayed_total", "New ballots of others that were passed on.", func(s *Scene) uint64 { return s.Gossip.Relayed }),
		counter("tocsin_gossip_ballots_stale_total", "New ballots that were past their time to live, and so not passed on.", func(s *Scene) uint64 { return s.Gossip.Stale }),
		counter("tocsin_gossip_ballots_removed_total", "Ballots that were forgotten: of observers that are none any more, or long silent.", func(s *Scene) uint64 { return s.Gossip.Removed }),
		counter("tocsin_gossip_votes_refused_total", "Own verdicts about slots beyond the limit.", func(s *Scene) uint64 { return s.Gossip.VotesRefused }),
		counter("tocsin_gossip_undecodable_total", "Messages that were no ballot, and packets and streams that were no gossip of ours.", func(s *Scene) uint64 { return s.Gossip.Undecodable }),
		counter("tocsin_gossip_foreign_total", "Packets, streams and members of other clusters that were refused.", func(s *Scene) uint64 { return s.Gossip.Foreign }),
		counter("tocsin_gossip_unopened_total", "Packets and streams that none of this node's gossip keys opens.", func(s *Scene) uint64 { return s.Gossip.Unopened }),
		counter("tocsin_gossip_crowded_total", "Streams that were hung up on because too many were open, in all or from one address.", func(s *Scene) uint64 { return s.Gossip.Crowded }),
		split(prometheus.CounterValue, "tocsin_gossip_sends_total", "Messages sent to one member directly, by what became of them; leader-unseen: the leader was owed one and was no member.",
			label{"result", keysOf(sends(gossipdb.Stats{}))}, func(s *Scene, set setter) { setAll(set, sends(s.Gossip)) }),
		counter("tocsin_gossip_state_omitted_total", "Ballots left out of an exchange of all state because it was full.", func(s *Scene) uint64 { return s.Gossip.StateOmitted }),
		counter("tocsin_gossip_pruned_total", "Messages removed from a queue that was full, or that nobody emptied.", func(s *Scene) uint64 { return s.Gossip.Pruned }),
		split(prometheus.CounterValue, "tocsin_gossip_joins_total", "Addresses that were asked to let this node join the gossip, by what came of it.",
			label{"result", keysOf(joins(gossipdb.Stats{}))}, func(s *Scene, set setter) { setAll(set, joins(s.Gossip)) }),
	}
}

// part is one part of a number that is split by a label.
type part struct {
	name  string
	count uint64
}

func received(s gossipdb.Stats) []part {
	return []part{
		{"new", s.New},
		{"repeated", s.Repeated},
		{"echo", s.Echoes},
		{"usurped", s.Usurped},
		{"refused", s.Refused},
		{"forged", s.Forged},
		{"overflow", s.Overflow},
		{"early", s.Early},
		{"unread", s.Unread},
	}
}

func sends(s gossipdb.Stats) []part {
	return []part{{"sent", s.Sent}, {"failed", s.SendsFailed}, {"leader-unseen", s.LeaderUnseen}}
}

func joins(s gossipdb.Stats) []part { return []part{{"joined", s.Joins}, {"failed", s.JoinsFailed}} }

func keysOf(parts []part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}

func setAll(set setter, parts []part) {
	for _, p := range parts {
		set(float64(p.count), p.name)
	}
}

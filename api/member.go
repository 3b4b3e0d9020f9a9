package api

import "tocsin/fsm"

// Server is one entry of the raft configuration.
type Server struct {
	Node, Address string
	Voter         bool
}

// Members is the answer of GET /v1/members, in the order of the names.
type Members struct {
	Members []Member `json:"members"`
	// Disagreement says in words where state, raft and gossip differ about who
	// belongs to the cluster, empty while they don't.
	Disagreement string `json:"disagreement,omitempty"`
	// Warnings are as in Cluster.
	Warnings []Warning `json:"warnings,omitempty"`
}

// Member is one node as the replicated state, raft and the gossip know it.
type Member struct {
	Node    string `json:"node"`
	Site    string `json:"site,omitempty"`
	HTTP    string `json:"http,omitempty"`
	Raft    string `json:"raft,omitempty"`
	Gossip  string `json:"gossip,omitempty"`
	Version string `json:"version,omitempty"`
	// Protocol is the highest of the replicated log that it reads, as far as it
	// is an observer.
	Protocol fsm.Protocol `json:"protocol,omitempty"`
	Leader   bool         `json:"leader"`
	// Preferred says that it is to vote in raft before others.
	Preferred bool `json:"preferred,omitempty"`
	// Observer says that its verdicts count.
	Observer bool `json:"observer"`
	// InRaft and InGossip are what raft and the gossip of the answering node
	// hold it for.
	InRaft   Part `json:"in_raft" enum:"voter,non-voter,absent"`
	InGossip Part `json:"in_gossip" enum:"alive,dead,absent"`
	// Fresh, HeardAgo and Abstains are as in Observer.
	Fresh    bool          `json:"fresh"`
	HeardAgo *fsm.Duration `json:"heard_ago,omitempty"`
	Abstains string        `json:"abstains,omitempty"`
}

// Part is what a node is to raft, or to the gossip.
type Part string

// The parts that a node can have.
const (
	Voter    Part = "voter"
	NonVoter Part = "non-voter"
	Alive    Part = "alive"
	Dead     Part = "dead"
	Absent   Part = "absent"
)

// LeaderInfo says who leads and where to reach it.
type LeaderInfo struct{ Node, Raft, HTTP string }

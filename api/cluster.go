package api

import (
	"time"

	"tocsin/fsm"
)

// RaftProgress is how far raft has come on one node.
type RaftProgress struct {
	State string `json:"state" enum:"leader,follower,candidate,shutdown"`
	Term  uint64 `json:"term"`
	// CommitIndex is the last entry that the node knows to be committed,
	// AppliedIndex the last it has applied, LastIndex the last of its log, and
	// SnapshotIndex that of its newest snapshot.
	CommitIndex   uint64 `json:"commit_index"`
	AppliedIndex  uint64 `json:"applied_index"`
	LastIndex     uint64 `json:"last_index"`
	SnapshotIndex uint64 `json:"snapshot_index"`
	// LastContact is how long ago the leader was heard; absent on the leader, and
	// on a node that never heard one.
	LastContact *fsm.Duration `json:"last_contact,omitempty"`
}

// ClusterState is the answer of GET /v1/cluster: raft, as the answering node
// sees it.
type ClusterState struct {
	ID     string       `json:"id"`
	Node   string       `json:"node"`   // who answers
	Leader string       `json:"leader"` // "" while there is none
	Raft   RaftProgress `json:"raft"`
	// Voters is how many vote, Majority how many of them it takes to commit, and
	// MaxVoters how many are to vote if there are as many.
	Voters    int `json:"voters"`
	Majority  int `json:"majority"`
	MaxVoters int `json:"max_voters"`
	// Protocol and ProtocolInUse are as in Cluster.
	Protocol      fsm.Protocol `json:"protocol"`
	ProtocolInUse fsm.Protocol `json:"protocol_in_use"`
	// Peers are those in raft's configuration.
	Peers []RaftPeer `json:"peers"`
}

// RaftPeer is one node in raft's configuration.
type RaftPeer struct {
	Node    string `json:"node"`
	Address string `json:"address"`
	Part    Part   `json:"part" enum:"voter,non-voter"`
	Leader  bool   `json:"leader"`
	// Observer is false for one that is on its way out, Preferred true for one
	// that is to vote before others.
	Observer  bool `json:"observer"`
	Preferred bool `json:"preferred"`
	// Fresh and HeardAgo are as in Observer.
	Fresh    bool          `json:"fresh"`
	HeardAgo *fsm.Duration `json:"heard_ago,omitempty"`
}

// JoinRequest is the body of POST /v1/members.
type JoinRequest struct {
	Raft string `json:"raft" doc:"The raft address of the node that waits" example:"10.0.0.4:7000"`
}

// MemberChanged is the answer to what was done to a member.
type MemberChanged struct {
	Node    string `json:"node"`
	Changed bool   `json:"changed"`
}

// LeadTransferred is the answer of POST /v1/cluster/transfer-leader.
type LeadTransferred struct {
	Leader  string `json:"leader"`
	Changed bool   `json:"changed"`
}

// Restored is the answer of PUT /v1/snapshot: the raft index at which it was
// done, or as of which it would do this.
type Restored struct {
	Index  uint64 `json:"index"`
	DryRun bool   `json:"dry_run"`
	// From is the cluster that the backup is of, Taken when it was taken.
	From       string         `json:"from"`
	Taken      time.Time      `json:"taken"`
	Difference fsm.Difference `json:"difference"`
}

// SettingsWritten is the answer to PUT /v1/settings.
type SettingsWritten struct {
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
}

package metrics

import (
	"time"

	"tocsin/api"
	"tocsin/consensus"
	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/quorum"
	"tocsin/verify"
)

// Source is the node.
type Source interface {
	// Scene returns what the node knows at this moment. It must neither block
	// nor touch a disk: a node in trouble is asked above all.
	Scene() Scene
}

// Scene is what all figures of one answer are made from.
type Scene struct {
	Now      time.Time
	Self     api.Self
	Ready    api.Readiness
	Warnings []api.Warning
	Blind    quorum.Blindness
	View     *fsm.View
	Ballots  *gossipdb.Table
	Gossip   gossipdb.Stats
	Checks   verify.Progress
	Streams  verify.StreamStats
	Doubt    doubt.Status
	Raft     consensus.Status
	// WritesQueued is how many writes wait for a place in an entry.
	WritesQueued int
	// FreeBytes is how much can still be written where the data are; nil if
	// that was not looked at yet, or can't be told.
	FreeBytes *uint64
	// LittleRoom says that this is little.
	LittleRoom bool
	// Expiry is when the certificates end; nil where there are none.
	Expiry *Expiry
	// AuditLost counts the lines that the file of the audit log did not take; nil where
	// there is none.
	AuditLost *uint64
}

// Expiry is when certificates end: that of the node, and the CA's that ends first.
type Expiry struct{ Own, CA time.Time }

package consensus

import (
	"context"
	"log/slog"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// Outside is what raft touches outside of its own memory.
type Outside struct {
	Transport raft.Transport
	// CalleeAt returns the address by which Transport calls a node that is to be
	// reached at that one; nil: by that one.
	CalleeAt func(id raft.ServerID, at raft.ServerAddress) raft.ServerAddress
	// HangUp ends the calls to others that are under way, and lets there be no
	// more; nil if none takes long.
	HangUp    func()
	Log       raft.LogStore
	Stable    raft.StableStore
	Snapshots raft.SnapshotStore
}

// Retention is how raft compacts its log.
type Retention struct {
	Threshold uint64        // entries that make a snapshot due; 0 means 4096
	Trailing  uint64        // entries kept behind a snapshot; 0 means 10240
	Interval  time.Duration // how often the threshold is looked at; 0 means 60s
}

// Config says who a Member is and what it does. No func but Lead may block.
type Config struct {
	// Node is the name of the node, Process that of its process: drawn anew by each.
	Node, Process string
	// Raft and HTTP are the addresses that others reach it by.
	Raft, HTTP string
	Outside    Outside
	Machine    *fsm.Machine
	Dialect    fsm.Dialect
	Retention  Retention
	// WriteLimit bounds one write to the store; 0 means 30 s.
	WriteLimit time.Duration

	// Cluster returns the cluster that this node belongs to, "" if to none yet.
	// Member reports whether its disk belongs to a member, so that it may vote.
	Cluster func() string
	Member  func() bool
	// WhereIs returns where a node is to be reached that stands under an address in
	// the raft configuration.
	WhereIs func(node, configured string) string
	// Peers calls the other nodes.
	Peers Peers

	// Found returns what a new cluster begins with; it is asked of its first leader.
	Found func() fsm.Found
	// Established is told that this node leads and has applied all that was committed
	// before. Lead then does what only the leader does, until its context ends with
	// the term; that of the next term is called when it has returned.
	Established func()
	Lead        func(ctx context.Context, term uint64, since time.Time) error
	// LeaderChanged is told that the leader may have become another.
	LeaderChanged func()

	// Leadership counts what becomes of the lead, Retried is told of a write that has
	// met no leader and is tried again, Wrote how long a write to the disk took.
	Leadership Leadership
	Retried    func()
	Wrote      func(took time.Duration)
	Logger     *slog.Logger
}

// Peers calls other nodes by their HTTP addresses. The errors are those of
// peer.Client of api/peer.
type Peers interface {
	Propose(ctx context.Context, address, cluster string, entry []byte) ([]fsm.Result, error)
	Index(ctx context.Context, address string, verified bool) (uint64, error)
}

// Leadership counts: that this node has won the lead, that another node leads than
// before, and that one does not answer this one, which leads.
type Leadership interface {
	Won()
	Changed()
	HeartbeatFailed()
}

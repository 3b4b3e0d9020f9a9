package consensus

import (
	"strconv"
	"strings"
	"time"
)

// Status is how raft stands on this node.
type Status struct {
	Leads, HasLeader bool
	Term             uint64
	// Commit and Applied are indexes, as are the ends of log and snapshot.
	Commit, Applied, LastLog, Snapshot uint64
	// Pending is how many entries wait to be applied.
	Pending uint64
	// Silence is since when the leader was not heard; 0 on the leader itself,
	// and less if it was never heard.
	Silence time.Duration
	// Voters are the names of those who vote, Servers how many there are with
	// those who don't.
	Voters  []string
	Servers int
	// Trouble says that raft can't write, or not in time.
	Trouble bool
}

// never is how long ago the leader was heard that never was.
const never = -1

// Status returns how raft stands. It answers from memory.
func (m *Member) Status() Status {
	stats := m.raft.Stats() // those that raft tells in no other way
	number := func(name string) uint64 {
		v, err := strconv.ParseUint(stats[name], 10, 64)
		if err != nil {
			return 0
		}
		return v
	}
	_, known := m.Leader()
	r := Status{
		Leads: m.Leads(), HasLeader: known, Term: m.raft.CurrentTerm(),
		Commit: m.raft.CommitIndex(), Applied: m.raft.AppliedIndex(), LastLog: m.raft.LastIndex(),
		Snapshot: number("last_snapshot_index"), Pending: number("fsm_pending"),
		Silence: never, Trouble: m.store.Trouble() != "",
	}
	if last := m.raft.LastContact(); r.Leads {
		r.Silence = 0
	} else if !last.IsZero() {
		r.Silence = max(time.Since(last), 0)
	}
	servers, err := m.Servers()
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

// State returns what raft calls the part that this node plays.
func (m *Member) State() string { return strings.ToLower(m.raft.State().String()) }

// Term returns the present term of raft.
func (m *Member) Term() uint64 { return m.raft.CurrentTerm() }

// Applied returns the index of the last entry that was applied here.
func (m *Member) Applied() uint64 { return m.raft.AppliedIndex() }

// Committed returns the index of the last entry that is known to be committed.
func (m *Member) Committed() uint64 { return m.raft.CommitIndex() }

// LeaderHeard returns when a leader was heard last. On the leader it means nothing.
func (m *Member) LeaderHeard() time.Time { return m.raft.LastContact() }

// Trouble says what is wrong with the writes to the disk at the moment, "" if
// nothing is.
func (m *Member) Trouble() string { return m.store.Trouble() }

// Queued returns how many writes wait for a place in an entry.
func (m *Member) Queued() int { return len(m.local.queue) + len(m.remote.queue) }

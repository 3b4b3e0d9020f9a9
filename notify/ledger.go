package notify

import (
	"fmt"
	"maps"

	"tocsin/fsm"
	"tocsin/health"
)

// Ledger is this node's durable record of the notifications that it has taken
// in and not yet ended, of the outcomes that it has not yet reported, and of what
// it did last about each endpoint. It is used by one goroutine at a time.
type Ledger interface {
	// Load returns all that was written. The caller may keep and change it.
	Load() (Record, error)
	// Write applies a batch, all of it or nothing, and returns only when it
	// is durable. After an error nobody knows whether it was applied: what a
	// later write says holds.
	Write(Batch) error
	// Close releases the ledger. Nothing is written after it.
	Close() error
}

// Record is all that a ledger holds.
type Record struct {
	// Node and Cluster say whose ledger it is, "" as long as nothing was
	// written to it.
	Node, Cluster string
	// Cursor is the id of the last event that was taken in or passed over.
	// It is 0 in a ledger that nothing was written to.
	Cursor uint64
	// Origin is the cursor this ledger began with: events up to it were
	// before this node's time.
	Origin uint64
	// Epoch is that of the process that wrote last.
	Epoch uint64
	// Entries are the notifications not yet ended, by the event's id.
	Entries map[uint64]Entry
	// Outbox holds the outcomes not yet seen in the replicated state, by the
	// event's id.
	Outbox map[uint64]fsm.Outcome
	// Acted tells of each endpoint, by its key, what this node did last. It
	// outlives the events themselves, of which the cluster keeps only so many.
	Acted map[string]Acted
}

// Acted is the newest event of an endpoint that a script was run for here.
type Acted struct {
	Key        string `json:"key"`
	Generation uint64 `json:"generation"`
	Event      uint64 `json:"event"`
	Sequence   uint64 `json:"sequence"`
	// State is what the script was told and took: UNKNOWN if it failed, for
	// nobody knows then what it left behind.
	State health.Status `json:"state"`
}

// Entry is one notification that was taken in and has not ended.
type Entry struct {
	Event uint64 `json:"event"`
	Key   string `json:"key"`
	// Generation and Sequence are those of the event.
	Generation uint64 `json:"generation,omitempty"`
	Sequence   uint64 `json:"sequence,omitempty"`
	Stage      Stage  `json:"stage"`
	// Attempt is the number of the run that was started last, 0 if none was.
	// Role is the role of that run.
	Attempt int      `json:"attempt"`
	Role    fsm.Role `json:"role,omitempty"`
	// TakenOver marks the leader's run of an event that this node has ended
	// before, with Before attempts.
	TakenOver bool `json:"taken_over,omitempty"`
	Before    int  `json:"before,omitempty"`
	// Retry is the request that the outcome will answer, as fsm.Outcome has it:
	// this node has given the event up before, with Before attempts.
	Retry uint64 `json:"retry,omitempty"`
	// Missed is how many events before this one passed by: see fsm.Outcome.
	Missed int `json:"missed,omitempty"`
}

// Stage is what the ledger knows of a notification that has not ended.
type Stage uint8

// The stages of a notification. There is none for an ended one: it leaves the
// ledger.
const (
	// Waiting: no run is under way, either none yet or none any more.
	Waiting Stage = 1
	// Started: a run may be under way. Found so at the start of the node, it
	// was cut short.
	Started Stage = 2
)

// String returns the word for s.
func (s Stage) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Started:
		return "started"
	}
	return fmt.Sprintf("Stage(%d)", uint8(s))
}

// Batch is all that one write changes. A later batch may be merged into an
// earlier one that was not written.
type Batch struct {
	// Node and Cluster say whose ledger it is.
	Node, Cluster string
	// Cursor, Origin and Epoch are the new ones.
	Cursor, Origin, Epoch uint64
	// Entries are put in the place of those with the same event; nil takes
	// one out.
	Entries map[uint64]*Entry
	// Outbox likewise.
	Outbox map[uint64]*fsm.Outcome
	// Acted likewise.
	Acted map[string]*Acted
}

func newBatch(cursor, origin, epoch uint64) Batch {
	return Batch{
		Cursor: cursor, Origin: origin, Epoch: epoch,
		Entries: make(map[uint64]*Entry), Outbox: make(map[uint64]*fsm.Outcome), Acted: make(map[string]*Acted),
	}
}

func newRecord() Record {
	return Record{Entries: make(map[uint64]Entry), Outbox: make(map[uint64]fsm.Outcome), Acted: make(map[string]Acted)}
}

// clone returns a Record that shares nothing with r.
func (r Record) clone() Record {
	r.Entries, r.Outbox, r.Acted = maps.Clone(r.Entries), maps.Clone(r.Outbox), maps.Clone(r.Acted)
	return r
}

// apply brings b into r.
func (r *Record) apply(b Batch) {
	r.Node, r.Cluster = b.Node, b.Cluster
	r.Cursor, r.Origin, r.Epoch = b.Cursor, b.Origin, b.Epoch
	applyTo(r.Entries, b.Entries)
	applyTo(r.Outbox, b.Outbox)
	applyTo(r.Acted, b.Acted)
}

func applyTo[K comparable, V any](to map[K]V, changes map[K]*V) {
	for id, v := range changes {
		if v == nil {
			delete(to, id)
			continue
		}
		to[id] = *v
	}
}

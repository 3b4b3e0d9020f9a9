package check

import (
	"iter"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// History is what happened to a cluster and in it, each kind of thing in the
// order of time. Times count from the beginning of the history.
type History struct {
	// Epoch is the wall clock at time zero.
	Epoch time.Time
	Sites map[string]string // of each node
	Lives []Life
	// Log is the committed log from its first entry on, as far as any node has
	// applied it. Events are those that it makes when it is replayed.
	Log    []Entry
	Events []Event
	// Conflicts are indexes at which two nodes applied different entries.
	Conflicts []string

	Applied []Applied
	Seen    []Seen
	Runs    []Run
	Endings []Ending
	Gaps    []Gap
	Terms   []Term
	Sights  []Sight
	Links   []Links
	Writes  []Write
	Ready   []Ready
	Faults  []Fault
	Ill     []Ill
	// Well are the times in which enough of the cluster is untouched for
	// decisions to be made in time; empty if that is not promised.
	Well []Span

	Final Final
}

// Life is one process of a node.
type Life struct {
	Node   string
	Number int
	From   time.Duration
	// Fresh says that it started with nothing on its disk.
	Fresh bool
	// Forgot says that its ledger was lost, or is an older copy of what it was.
	Forgot bool
	// Epoch is what it registered under, 0 if it never did.
	Epoch uint64
	// To is when it ended, 0 if it did not; Killed is false for an orderly stop.
	To     time.Duration
	Killed bool
}

// Entry is one committed entry of the log.
type Entry struct {
	Index, Term uint64
	// At is when the first node applied it.
	At       time.Duration
	Commands []fsm.Command
	// Refused are the commands, by their place, that changed nothing since the
	// state machine refused them.
	Refused map[int]bool
	// Voters is the new set of voters, nil if the entry changes none.
	Voters []string
}

// done yields the commands that were not refused.
func (e Entry) done() iter.Seq[fsm.Command] {
	return func(yield func(fsm.Command) bool) {
		for i, c := range e.Commands {
			if !e.Refused[i] && !yield(c) {
				return
			}
		}
	}
}

// Event is an event of the replayed log, with what the state was before it.
type Event struct {
	*fsm.Event
	At        time.Duration // when the first node applied it
	Observers []*fsm.Observer
	Settings  fsm.Settings // of its endpoint
	TTL       time.Duration
}

// Applied says that a process has applied the log up to an index.
type Applied struct {
	Node  string
	Life  int
	Index uint64
	At    time.Duration
}

// Seen is an event as one process shows it.
type Seen struct {
	Node  string
	Life  int
	Event *fsm.Event
	At    time.Duration
}

// Run is one run of a notification script.
type Run struct {
	Node    string
	Life    int
	Event   uint64
	Key     string
	To      health.Status
	Role    fsm.Role
	Attempt int
	From    time.Duration
	// End is when it ended, 0 if it did not. Cut says that it was ended with
	// its process; else Exit is what the script said.
	End  time.Duration
	Cut  bool
	Exit int
}

// Ending is what a process said of how a notification ended.
type Ending struct {
	Node    string
	Life    int
	Event   uint64
	Key     string
	Ending  fsm.Ending
	Role    fsm.Role
	Attempt int
	At      time.Duration
}

// Gap is a report that events from After (exclusive) to Before (exclusive) may
// be missing on a node.
type Gap struct {
	Node          string
	After, Before uint64
	At            time.Duration
}

// Term is the beginning of a node's lead.
type Term struct {
	Node   string
	Number uint64
	At     time.Duration
}

// Sight is what a node sees of a target (what an endpoint's value stands for)
// from a moment on.
type Sight struct {
	Node, Target string
	Status       health.Status
	At           time.Duration
}

// Links says which nodes can call which by raft, from a moment on. Who is down
// reaches nobody.
type Links struct {
	At    time.Duration
	Reach map[Pair]bool
}

// Pair is a direction between two nodes.
type Pair struct{ From, To string }

// Write is one command that a client gave to a node.
type Write struct {
	Client   int
	Node     string
	Command  fsm.Command
	From, To time.Duration
	// Index is that of the entry, 0 without an answer. Changed and Refused are
	// of the answer; Err is why there was none.
	Index   uint64
	Changed bool
	Refused string
	Err     string
	// Uncertain says that without an answer it may have been done or not.
	Uncertain bool
}

// Ready says whether a node calls itself ready, from a moment on.
type Ready struct {
	Node     string
	Ready    bool
	Problems []string
	At       time.Duration
}

// Fault is something that was done to the cluster, in words.
type Fault struct {
	At   time.Duration
	What string
}

// Ill is a time in which a disk did not do as it should.
type Ill struct {
	Node     string
	From, To time.Duration // To is Forever if that has not ended
	// Stalls says that writes took long, or did not come back.
	Stalls bool
}

// Span is a stretch of time.
type Span struct{ From, To time.Duration }

// Final is how the cluster stood when all faults had ended and it had had its
// time.
type Final struct {
	At time.Duration
	// Unsettled says what had not converged; empty if all had.
	Unsettled []string
	// States has a digest of the state of each node, Replayed that of the log.
	States   map[string]string
	Replayed string
	// Truth is what each target really is, and all nodes see.
	Truth map[string]health.Status
	// Endpoints are those of the replayed log, Interval the longest of all.
	Endpoints []*fsm.Endpoint
}

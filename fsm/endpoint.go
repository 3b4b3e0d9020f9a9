package fsm

import (
	"time"

	"tocsin/health"
)

// Endpoint is a watched thing and what the cluster holds about it. Endpoints
// are shared between Views: nobody changes one that a View has handed out.
type Endpoint struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// Slot is the endpoint's place in every ballot. The smallest free number
	// is given out, and given out again after a deletion.
	Slot uint32 `json:"slot"`
	// Generation is the index at which the endpoint was added. Nothing that
	// was seen of an earlier generation counts for this one.
	Generation uint64 `json:"generation"`
	// Revision is the index of the last change of the value or of the check.
	// Verdicts made before it do not count; state and events go on.
	Revision uint64 `json:"revision"`
	// Configured is the index of the last change of what people write: value,
	// settings, labels and parents. A change of state is none, so that whoever has read
	// the endpoint in order to change it is not disturbed by one.
	Configured uint64 `json:"configured"`
	// Modified is the index of the last change of anything in this record.
	Modified  uint64            `json:"modified"`
	Overrides Overrides         `json:"settings,omitzero"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Parents are the keys of endpoints that this one depends on: no change of
	// it is committed while one of them is DOWN.
	Parents []string `json:"parents,omitempty"`

	// State is what the cluster holds: UNKNOWN until the baseline.
	State health.Status `json:"state"`
	// Since is when the state was last decided, by the clock of the leader
	// that decided it: for people, never for decisions.
	Since time.Time `json:"since,omitzero"`
	// Sequence counts the events of this generation, the baseline included.
	Sequence uint64 `json:"sequence"`
	// LastEvent is the id of the newest event of this generation, 0 if none.
	LastEvent uint64 `json:"last_event,omitempty"`
}

// clone returns a copy to be changed field by field. What Overrides, Labels and
// Parents point to stays shared: it is replaced as a whole, never changed.
func (e *Endpoint) clone() *Endpoint {
	c := *e
	return &c
}

// Event is one committed change of state. Its id is its raft index: unique,
// growing, and the same on every node.
type Event struct {
	ID         uint64        `json:"id"`
	Key        string        `json:"key"`
	Value      string        `json:"value"`
	Generation uint64        `json:"generation"`
	Sequence   uint64        `json:"sequence"`
	From       health.Status `json:"from"`
	To         health.Status `json:"to"`
	// Baseline marks the first decision of a generation: recorded and shown,
	// never notified.
	Baseline bool `json:"baseline,omitempty"`
	// Time is when the leader decided, by its wall clock.
	Time   time.Time `json:"time"`
	Leader string    `json:"leader"`
	Term   uint64    `json:"term"`
	// Quorum is how many equal votes were asked for, Votes the evidence.
	Quorum int    `json:"quorum"`
	Votes  []Vote `json:"votes"`
	// Manual says who made it by hand and why, nil if it was decided. There are
	// no votes then, and no quorum was asked for.
	Manual *Manual `json:"manual,omitempty"`

	// AppliedAt is when this node applied the event (or restored it from a
	// snapshot), with a monotonic reading. It is this node's own note: not
	// replicated, not part of a snapshot, zero after decoding.
	AppliedAt time.Time `json:"-"`
}

// Vote is what one observer said about one endpoint when somebody counted.
type Vote struct {
	Node    string        `json:"node"`
	Site    string        `json:"site,omitempty"`
	Verdict health.Status `json:"verdict"`
	// Age is how long before the count the ballot was made, as far as its
	// receiver can tell. It is meaningless when the vote is missing.
	Age    Duration `json:"age"`
	Reason string   `json:"reason,omitempty"`
	// Excluded says why the vote does not count, and is empty when it does.
	Excluded string `json:"excluded,omitempty"`
}

// Tally counts the votes that count, and all the others as unknown.
func Tally(votes []Vote) (up, down, unknown int) {
	for _, v := range votes {
		switch {
		case v.Excluded == "" && v.Verdict == health.Up:
			up++
		case v.Excluded == "" && v.Verdict == health.Down:
			down++
		default:
			unknown++
		}
	}
	return up, down, unknown
}

// Observer is a node whose verdicts count. The set of observers is replicated;
// who is seen in the gossip never changes it.
type Observer struct {
	Node string `json:"node"`
	Site string `json:"site,omitempty"`
	// Joined is the index at which the node first registered: the history
	// before it is none of its business.
	Joined uint64 `json:"joined"`
	// Epoch is the index at which the node's present process registered. It
	// grows with every start, without any clock, and orders the ballots.
	Epoch uint64 `json:"epoch"`
	// Previous is the epoch of the process before, 0 if there was none: what
	// that process has left on its disk can be told from older copies.
	Previous uint64 `json:"previous,omitempty"`
	// Incarnation is drawn anew by each process, so that a node knows its own
	// registration again and a repeated one changes nothing.
	Incarnation string `json:"incarnation"`
	// Disk names the data directory of the process, and Start counts the
	// processes that have used it: a late word of an older one is refused.
	Disk  string `json:"disk,omitempty"`
	Start uint64 `json:"start,omitempty"`

	Raft    string `json:"raft"`
	Gossip  string `json:"gossip"`
	HTTP    string `json:"http"`
	Version string `json:"version,omitempty"`
	// Preferred says that it is to vote in raft before others: see PreferVoter.
	Preferred bool `json:"preferred,omitempty"`
	// Protocol is the highest that its process has said it reads; see Reads.
	Protocol Protocol `json:"protocol,omitempty"`
	// BallotKey is the public key that its ballots are signed by; "" for none.
	BallotKey string `json:"ballot_key,omitempty"`
}

func (e *Endpoint) isDown() bool { return e.State == health.Down }

// downs is what e counts among those that are DOWN.
func downs(e *Endpoint) int {
	if e.isDown() {
		return 1
	}
	return 0
}

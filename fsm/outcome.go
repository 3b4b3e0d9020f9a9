package fsm

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Role is what a node was when it started a notification.
type Role string

// The two roles, as scripts get them.
const (
	Leader   Role = "leader"
	Follower Role = "follower"
)

// Ending is how a notification ended.
type Ending string

// The endings of a notification.
const (
	// Done: the script said 0.
	Done Ending = "done"
	// GaveUp: the script said 2 or above, or the attempts were used up.
	GaveUp Ending = "gave-up"
	// Superseded: a newer event of the endpoint came first, or the endpoint
	// was deleted.
	Superseded Ending = "superseded"
	// Gap: the event passed the node by, because the node had lost its record
	// of what it had done. No script ran for it, and none will.
	Gap Ending = "gap"
)

// Endings returns all endings.
func Endings() []Ending { return []Ending{Done, GaveUp, Superseded, Gap} }

// MissedUnknown stands for a number of missed events that nobody knows.
const MissedUnknown = -1

// Outcome is how one notification ended on one node.
type Outcome struct {
	Event  uint64 `json:"event"`
	Node   string `json:"node"`
	Role   Role   `json:"role"`
	Ending Ending `json:"ending"`
	// Attempt is the number of the last run, from 1; 0 if none was started.
	Attempt int `json:"attempt"`
	// Missed is how many events of the same endpoint, since the notification
	// before this one, passed the node by without an outcome of their own: the
	// node was away, and the cluster had forgotten them when it came back.
	// MissedUnknown if there may be some and nobody knows how many.
	Missed   int      `json:"missed,omitempty"`
	ExitCode int      `json:"exit_code"`
	Duration Duration `json:"duration"`
	// Output is the end of what the script printed, up to MaxOutput bytes.
	Output string `json:"output,omitempty"`
	// Problem says in words what went wrong, in up to MaxProblem bytes; empty
	// after a run that said 0.
	Problem string    `json:"problem,omitempty"`
	Time    time.Time `json:"time"`

	// Retry is the RetryAsked that this outcome answers, 0 if it was run because
	// of the event alone.
	Retry uint64 `json:"retry,omitempty"`
	// RetryAsked is the index at which somebody asked last to run it again, 0 if
	// nobody did: see AwaitsRetry. Ack says who has seen to it; nil is nobody. No
	// node reports these two: they are kept with what it has reported.
	RetryAsked uint64 `json:"retry_asked,omitempty"`
	Ack        *Ack   `json:"ack,omitempty"`
}

// Trimmed returns o with as much of the end of its output, and of the beginning
// of its problem, as is kept. Encode trims by itself, so that a talkative script
// never keeps an outcome from being recorded.
func (o Outcome) Trimmed() Outcome {
	o.Output = strings.ToValidUTF8(o.Output, "\uFFFD")
	if cut := len(o.Output) - MaxOutput; cut > 0 {
		for !utf8.RuneStart(o.Output[cut]) {
			cut++
		}
		o.Output = o.Output[cut:]
	}
	o.Problem = strings.ToValidUTF8(o.Problem, "\uFFFD")
	if cut := MaxProblem; len(o.Problem) > cut {
		for !utf8.RuneStart(o.Problem[cut]) {
			cut--
		}
		o.Problem = o.Problem[:cut]
	}
	return o
}

// settles reports whether o ends the duty to run the event as leader somewhere:
// the script ran as leader, and did its work or was given up on, and nobody
// wants it to be tried again.
func (o *Outcome) settles() bool { return o.endedAsLeader() && !o.AwaitsRetry() }

func (o *Outcome) endedAsLeader() bool {
	return o.Role == Leader && (o.Ending == Done || o.Ending == GaveUp)
}

// outweighs reports whether o replaces old, an outcome of the same event on the
// same node. It orders outcomes without asking when they came: reports that are
// repeated late, or overtake each other, lead to the same record.
func (o *Outcome) outweighs(old *Outcome) bool {
	if o.Retry != old.Retry {
		return o.Retry > old.Retry
	}
	if o.endedAsLeader() != old.endedAsLeader() {
		return o.endedAsLeader()
	}
	return o.Attempt > old.Attempt
}

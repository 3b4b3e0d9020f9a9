package notify

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// The phases of an Open, as doc.go draws them.
const (
	PhaseWaiting     = "waiting"     // for its turn
	PhasePausing     = "pausing"     // between two attempts
	PhaseRunning     = "running"     // its script runs
	PhaseInterrupted = "interrupted" // cut short by the end of the process, and run again
)

// Open is a notification that has not ended on this node, for others to see.
type Open struct {
	Event uint64
	Key   string
	// To is what the script is told; UNKNOWN until the event is known here.
	To    health.Status
	Phase string
	// Role and Attempt are those of the run that was started last; "" and 0 if
	// none was. Limit is the last attempt that is allowed, 0 while the event is
	// not known here.
	Role           fsm.Role
	Attempt, Limit int
	// Since is when this node got to know the event, Changed when it came into
	// this phase, Until the end of the pause, zero in other phases.
	Since, Changed, Until time.Time
	// ExitCode and Problem are those of the last attempt that ended in this
	// process; -1 and "" if none did.
	ExitCode int
	Problem  string
}

// book holds what is open, for readers who must not wait for the owner, not
// even while its disk hangs. Only the owner writes; an Open in it never changes.
type book struct{ open sync.Map } // event → Open

func (b *book) put(o Open) { b.open.Store(o.Event, o) }

func (b *book) drop(event uint64) { b.open.Delete(event) }

// read returns what is open of key, of all endpoints if key is "": the oldest
// events first, at most so many of them.
func (b *book) read(key string, most int) []Open {
	var all []Open
	b.open.Range(func(_, v any) bool {
		if o := v.(Open); key == "" || o.Key == key {
			all = append(all, o)
		}
		return true
	})
	slices.SortFunc(all, func(a, b Open) int { return cmp.Compare(a.Event, b.Event) })
	return all[:min(len(all), most)]
}

// Open returns the notifications of the endpoint key, of all if key is "", that
// have not ended on this node: the oldest events first, at most so many. It
// takes no lock that the Notifier holds, and may be called at any time.
func (n *Notifier) Open(key string, most int) []Open { return n.book.read(key, most) }

// show tells others how it stands with n.
func (o *owner) show(n *notification) {
	seen := Open{
		Event: n.Event, Key: n.Key, Phase: n.phase.String(), Role: n.Role, Attempt: n.Attempt,
		Since: n.since, Changed: o.now, ExitCode: -1,
	}
	if o.view != nil {
		seen.Limit = n.limit(o.settingsOf(n).NotifyAttempts)
	}
	if n.event != nil {
		seen.To = n.event.To
	}
	if n.phase == pausing {
		seen.Until = n.until
	}
	if n.last != nil {
		seen.ExitCode, seen.Problem = n.last.exitCode, n.last.problem(fsm.MaxProblem)
	}
	o.book.put(seen)
}

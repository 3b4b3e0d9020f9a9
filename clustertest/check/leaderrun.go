package check

import (
	"slices"
	"time"

	"tocsin/fsm"
)

// handover is how long a run as leader may wait for the one that has to do it:
// two runs of a script and five minutes if it is alive and says nothing, and
// then the runs of whoever takes it over.
const handover = 2*20*time.Second + 5*time.Minute + 2*time.Minute

// LeaderRuns checks that for each event at least one run with the role of the
// leader succeeds, or that it was given up is there to be seen: a new leader
// takes over what the old one had not finished. It looks at events that nothing
// has overtaken for long enough, and that every later leader was there for.
func LeaderRuns(h *History) []Violation {
	f := found{invariant: 6}
	for _, e := range h.Events {
		due := e.At + handover
		if e.Baseline || due > h.Final.At || h.overtaken(e, due) || h.forgotten(e) || h.ledByNewcomer(e) {
			continue
		}
		told := slices.ContainsFunc(h.Runs, func(r Run) bool {
			return r.Event == e.ID && r.Role == fsm.Leader && r.End != 0 && !r.Cut && r.Exit == 0
		})
		seen := slices.ContainsFunc(h.Endings, func(o Ending) bool {
			return o.Event == e.ID && o.Role == fsm.Leader && o.Ending == fsm.GaveUp
		})
		if !told && !seen {
			f.add(e.Key, "", e.At, "event %d of %s to %v (at %v) was run by no leader until %v, and no leader gave it up", e.ID, e.Key, e.To, e.At, due)
		}
	}
	return f.all
}

// forgotten reports whether the cluster no longer keeps an event.
func (h *History) forgotten(e Event) bool {
	newer := 0
	for _, other := range h.Events {
		if other.ID > e.ID {
			newer++
		}
	}
	return newer >= h.leastEventsKept()
}

// leastEventsKept returns the least number of events that any settings keep.
func (h *History) leastEventsKept() int {
	least := 0
	for _, entry := range h.Log {
		for _, c := range entry.Commands {
			switch c := c.(type) {
			case fsm.Found:
				least = c.Settings.EventsKept
			case fsm.ChangeSettings:
				least = min(least, c.Settings.EventsKept)
			}
		}
	}
	return least
}

// ledByNewcomer reports whether a node has led since an event that the event is
// history for: it takes nothing over.
func (h *History) ledByNewcomer(e Event) bool {
	return slices.ContainsFunc(h.Terms, func(t Term) bool {
		return t.At >= e.At && slices.ContainsFunc(h.lives(t.Node), func(l Life) bool {
			return h.origin(t.Node, l.Number) > e.ID
		})
	})
}

package check

import (
	"slices"
	"time"

	"tocsin/fsm"
)

// Once checks that a notification is run twice only if the node died in the
// middle of it. What failed may be tried again, a leader may run what it ran as
// follower before, and a disk that was lost remembers nothing. What was given up
// is run again only if somebody asked for it. Attempts are counted up.
func Once(h *History) []Violation {
	f := found{invariant: 8}
	last := map[delivery]Run{}
	again := map[delivery]int{} // how often it was run after it had been given up
	for _, r := range h.Runs {
		d := delivery{r.Node, r.Event}
		before, ran := last[d]
		last[d] = r
		if !ran || h.origin(r.Node, r.Life) != h.origin(before.Node, before.Life) {
			continue
		}
		if r.Attempt <= before.Attempt {
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s as attempt %d after attempt %d", r.Node, r.Event, r.Key, r.Attempt, before.Attempt)
		}
		promoted := r.Role == fsm.Leader && before.Role != fsm.Leader || h.promotedUnseen(before, r)
		if !h.cutShort(before) && !promoted && before.Exit == 0 {
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s again as %s: attempt %d as %s had ended well at %v, and the node did not die", r.Node, r.Event, r.Key, r.Role, before.Attempt, before.Role, before.End)
		}
		if at, gaveUp := h.gaveUp(d, before.End, r.From); !h.cutShort(before) && !promoted && gaveUp {
			if again[d]++; again[d] > h.retries(d, r.From) {
				f.add(r.Key, r.Node, r.From, "%s ran event %d of %s again as %s: it was given up at %v after attempt %d, and nobody had asked for it", r.Node, r.Event, r.Key, r.Role, at, before.Attempt)
			}
		}
	}
	return f.all
}

// gaveUp returns when a node said that it gave a notification up, between two
// moments.
func (h *History) gaveUp(d delivery, from, to time.Duration) (at time.Duration, gaveUp bool) {
	for _, e := range h.Endings {
		if e.Node == d.node && e.Event == d.event && e.Ending == fsm.GaveUp && e.At >= from && e.At <= to {
			return e.At, true
		}
	}
	return 0, false
}

// retries returns how often somebody had asked by then for a notification to be
// run again: once it was given up on some node, and perhaps while this one was at
// it as the leader.
func (h *History) retries(d delivery, by time.Duration) (n int) {
	for _, entry := range h.Log {
		if entry.At > by {
			break
		}
		for _, c := range entry.Commands {
			if r, ok := c.(fsm.RetryNotification); ok && r.Event == d.event && (r.Node == "" || r.Node == d.node) {
				n++
			}
		}
	}
	return n
}

// promotedUnseen reports whether there was an attempt between two runs that nobody
// saw: the node led, noted that it runs the script as leader, and died before the
// script started.
func (h *History) promotedUnseen(before, next Run) bool {
	if next.Attempt <= before.Attempt+1 || before.Role == fsm.Leader {
		return false
	}
	return slices.ContainsFunc(h.Terms, func(t Term) bool {
		return t.Node == next.Node && t.At > before.End && slices.ContainsFunc(h.lives(t.Node), func(l Life) bool {
			return l.Killed && l.From <= t.At && t.At <= l.To && l.To <= next.From
		})
	})
}

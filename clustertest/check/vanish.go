package check

import (
	"slices"
	"time"

	"tocsin/fsm"
)

type delivery struct {
	node  string
	event uint64
}

// NothingVanishes checks that every live node runs, supersedes, gives up on, or
// reports a gap for every event after its start, and that it did what it says:
// done has a run that said 0, and superseded a newer event or a deletion.
func NothingVanishes(h *History) []Violation {
	f := found{invariant: 6}
	endings := map[delivery]bool{}
	byID := h.eventsByID()
	for _, e := range h.Endings {
		endings[delivery{e.Node, e.Event}] = true
		f.honest(h, e, byID[e.Event])
	}
	for _, entry := range h.Log {
		for _, c := range entry.Commands {
			if o, ok := c.(fsm.RecordOutcome); ok {
				endings[delivery{o.Outcome.Node, o.Outcome.Event}] = true
			}
		}
	}
	for node := range h.Sites {
		joined, observes := h.joined(node)
		if !observes || !h.alive(node) {
			continue
		}
		for _, e := range h.Events {
			if e.ID <= joined || e.Baseline || endings[delivery{node, e.ID}] {
				continue
			}
			if !slices.ContainsFunc(h.Gaps, func(g Gap) bool { return g.Node == node && g.After < e.ID && e.ID < g.Before }) {
				f.add(e.Key, node, h.Final.At, "event %d of %s to %v (at %v) has vanished on %s: it was neither run nor superseded nor given up, and no gap was reported", e.ID, e.Key, e.To, e.At, node)
			}
		}
	}
	return f.all
}

// alive reports whether a node was up at the end.
func (h *History) alive(node string) bool {
	lives := h.lives(node)
	return len(lives) > 0 && lives[len(lives)-1].To == 0
}

// honest checks that an ending is what it says.
func (f *found) honest(h *History, e Ending, of Event) {
	if of.Event == nil {
		f.add(e.Key, e.Node, e.At, "%s ended event %d of %s, and the log makes no such event", e.Node, e.Event, e.Key)
		return
	}
	ran := func(match func(Run) bool) bool {
		return slices.ContainsFunc(h.Runs, func(r Run) bool { return r.Node == e.Node && r.Event == e.Event && match(r) })
	}
	switch e.Ending {
	case fsm.Done:
		if !ran(func(r Run) bool { return !r.Cut && r.End != 0 && r.Exit == 0 }) {
			f.add(e.Key, e.Node, e.At, "%s says that event %d of %s is done, and no run of it ended with 0", e.Node, e.Event, e.Key)
		}
	case fsm.GaveUp:
		if !ran(func(r Run) bool { return r.Cut || r.End == 0 || r.Exit != 0 }) {
			f.add(e.Key, e.Node, e.At, "%s gave up on event %d of %s, and no run of it failed", e.Node, e.Event, e.Key)
		}
	case fsm.Superseded:
		earlier := slices.ContainsFunc(h.Endings, func(o Ending) bool { return o.Node == e.Node && o.Event == e.Event && o.At < e.At })
		if !earlier && !h.overtaken(of, e.At) {
			f.add(e.Key, e.Node, e.At, "%s calls event %d of %s superseded, and there is no newer event and no deletion", e.Node, e.Event, e.Key)
		}
	}
}

// overtaken reports whether by that time there was a newer event of the same
// endpoint, or its generation was deleted.
func (h *History) overtaken(e Event, by time.Duration) bool {
	for _, other := range h.Events {
		if other.Key == e.Key && other.ID > e.ID && other.At <= by {
			return true
		}
	}
	for _, t := range h.tenures() {
		if t.key == e.Key && t.generation == e.Generation && t.deleted && t.to <= by {
			return true
		}
	}
	return false
}

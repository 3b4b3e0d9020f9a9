package check

import (
	"slices"
	"time"

	"tocsin/fsm"
)

// WritesSurvive checks that every acknowledged write survives: the entry that
// its answer names is in the log that all nodes have at the end, and holds it.
func WritesSurvive(h *History) []Violation {
	f := found{invariant: 11}
	for _, w := range h.Writes {
		if w.Err != "" || w.Refused != "" {
			continue
		}
		e, ok := h.entry(w.Index)
		if !ok {
			f.add("", w.Node, w.To, "the write %s through %s was acknowledged as entry %d, and the log has no such entry", asJSON(w.Command), w.Node, w.Index)
			continue
		}
		if !holds(e, asJSON(w.Command)) {
			f.add("", w.Node, w.To, "the write %s through %s was acknowledged as entry %d, and that entry is %s", asJSON(w.Command), w.Node, w.Index, asJSON(e.Commands))
		}
	}
	return f.all
}

func holds(e Entry, command string) bool {
	for _, c := range e.Commands {
		if force, is := c.(fsm.ForceState); is {
			force.Leader, force.Time = "", time.Time{} // the leader has stamped it
			c = force
		}
		if asJSON(c) == command {
			return true
		}
	}
	return false
}

// Has reports whether any entry of the log holds the command.
func (h *History) Has(command fsm.Command) bool {
	text := asJSON(command)
	return slices.ContainsFunc(h.Log, func(e Entry) bool { return holds(e, text) })
}

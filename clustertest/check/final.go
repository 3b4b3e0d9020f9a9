package check

import (
	"maps"
	"slices"
)

// StateFollows checks that the state of each node, from whatever snapshot and
// log, equals the state of the whole log.
func StateFollows(h *History) []Violation {
	f := found{invariant: 13}
	for _, node := range slices.Sorted(maps.Keys(h.Final.States)) {
		if h.Final.States[node] != h.Final.Replayed {
			f.add("", node, h.Final.At, "the state of %s is not the one of the log:\n%s", node, difference(h.Final.States[node], h.Final.Replayed))
		}
	}
	return f.all
}

// Converges checks that when faults end the cluster converges: one leader, all
// alive, all ledgers at the head, and every endpoint in the state that it
// really is in.
func Converges(h *History) []Violation {
	f := found{invariant: 15}
	for _, what := range h.Final.Unsettled {
		f.add("", "", h.Final.At, "the faults are long over, and %s", what)
	}
	last := h.stood()
	for _, e := range h.Final.Endpoints {
		if want, known := h.Final.Truth[e.Value]; known && e.State != want && !last.holds(e.Key, want) {
			f.add(e.Key, "", h.Final.At, "the faults are long over, %s (value %s) is really %v, and its state is %v", e.Key, e.Value, want, e.State)
		}
	}
	return f.all
}

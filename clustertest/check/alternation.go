package check

import "tocsin/health"

// Alternation checks that for one generation events alternate, and none is
// missing and none double: they are numbered from 1, each begins with the state
// that the one before ended with, and the first alone is the baseline.
func Alternation(h *History) []Violation {
	f := found{invariant: 2}
	type generation struct {
		key string
		of  uint64
	}
	last := map[generation]Event{}
	for _, e := range h.Events {
		g := generation{e.Key, e.Generation}
		before, any := last[g]
		last[g] = e
		state, sequence := health.Unknown, uint64(0)
		if any {
			state, sequence = before.To, before.Sequence
		}
		switch {
		case e.Sequence != sequence+1:
			f.add(e.Key, "", e.At, "event %d of %s has number %d, and the one before had %d", e.ID, e.Key, e.Sequence, sequence)
		case e.From != state || e.To == e.From || e.To == health.Unknown:
			f.add(e.Key, "", e.At, "event %d of %s goes from %v to %v, and the state before was %v", e.ID, e.Key, e.From, e.To, state)
		case e.Baseline == any:
			f.add(e.Key, "", e.At, "event %d of %s has baseline=%v and number %d", e.ID, e.Key, e.Baseline, e.Sequence)
		}
	}
	return f.all
}

package check

import "cmp"

// InOrder checks that per node and endpoint notifications start in the order of
// events, and never overlap, those that somebody asks to be run again too. A
// ledger that was lost, or put back, does not know what had been run.
func InOrder(h *History) []Violation {
	f := found{invariant: 7}
	type lane struct{ node, key string }
	last := map[lane]Run{}
	for _, r := range h.Runs {
		l := lane{r.Node, r.Key}
		before, any := last[l]
		last[l] = r
		switch {
		case !any:
		case r.Event < before.Event && h.origin(r.Node, r.Life) == h.origin(before.Node, before.Life):
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s after event %d", r.Node, r.Event, r.Key, before.Event)
		case cmp.Or(before.End, forever) > r.From && before.Life == r.Life:
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s while event %d was still running", r.Node, r.Event, r.Key, before.Event)
		}
	}
	return f.all
}

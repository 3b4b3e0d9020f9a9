package check

import "time"

// turn is how long after a node has applied a deletion a run may still start
// that was decided before.
const turn = 20 * time.Millisecond

// DeletedIsSilent checks that a deleted endpoint is silent and one added again
// starts afresh: an event belongs to the generation that is there, no run of it
// starts on a node that has applied the deletion, and a baseline is never run.
func DeletedIsSilent(h *History) []Violation {
	f := found{invariant: 12}
	type generation struct {
		key string
		of  uint64
	}
	tenures := h.tenures()
	ends := map[generation]uint64{}
	for _, t := range tenures {
		if t.deleted {
			ends[generation{t.key, t.generation}] = t.toIndex
		}
	}
	for _, e := range h.Events {
		fits := false
		for _, t := range tenures {
			if t.key == e.Key && t.generation == e.Generation && t.fromIndex < e.ID && (t.toIndex == 0 || e.ID < t.toIndex) {
				fits = t.value == e.Value
			}
		}
		if !fits {
			f.add(e.Key, "", e.At, "event %d is about generation %d of %s with value %s, and there is no such endpoint at that time", e.ID, e.Generation, e.Key, e.Value)
		}
	}
	byID := h.eventsByID()
	for _, r := range h.Runs {
		e, known := byID[r.Event]
		switch {
		case !known:
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s, and the log makes no such event", r.Node, r.Event, r.Key)
		case e.Baseline:
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s, which is a baseline", r.Node, r.Event, r.Key)
		default:
			end, ended := ends[generation{r.Key, e.Generation}]
			if at, applied := h.appliedAt(r.Node, r.Life, end); ended && applied && r.From > at+turn {
				f.add(r.Key, r.Node, r.From, "%s ran event %d of %s, though it had applied the deletion at %v", r.Node, r.Event, r.Key, at)
			}
		}
	}
	return f.all
}

// appliedAt returns when a process was first seen to have applied an index.
func (h *History) appliedAt(node string, life int, index uint64) (time.Duration, bool) {
	for _, a := range h.Applied {
		if a.Node == node && a.Life == life && a.Index >= index {
			return a.At, true
		}
	}
	return 0, false
}

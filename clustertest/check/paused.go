package check

import "tocsin/fsm"

// paused is the time for which a pause holds: from the entry that makes it until
// the one that ends it, or makes it another, and by its own end at the latest.
type paused struct {
	scope           fsm.Scope
	index, endIndex uint64 // of the two entries; endIndex is the highest there is if nothing ends it
	Span
}

// pauses derives them from the commands of the log, without the state machine.
// Those of labels are left out: an endpoint has others from write to write.
func (h *History) pauses() []paused {
	var all []paused
	present := map[string]int{} // place in all, by prefix
	end := func(scope fsm.Scope, entry Entry) {
		if i, ok := present[scope.Prefix]; ok {
			all[i].To, all[i].endIndex = min(all[i].To, entry.At), entry.Index
			delete(present, scope.Prefix)
		}
	}
	for _, entry := range h.Log {
		for c := range entry.done() {
			switch c := c.(type) {
			case fsm.PauseEndpoints:
				if len(c.Pause.Scope.Labels) > 0 {
					continue
				}
				end(c.Pause.Scope, entry)
				p := paused{scope: c.Pause.Scope, index: entry.Index, endIndex: 1<<64 - 1, Span: Span{entry.At, forever}}
				if !c.Pause.Until.IsZero() {
					p.To = c.Pause.Until.Sub(h.Epoch)
				}
				present[c.Pause.Scope.Prefix] = len(all)
				all = append(all, p)
			case fsm.ResumeEndpoints:
				if len(c.Scope.Labels) == 0 {
					end(c.Scope, entry)
				}
			}
		}
	}
	return all
}

// Paused checks that while a pause holds nothing is committed for what it covers,
// but by hand. What was decided before it is not committed behind it either; what
// is decided when its end has come is free. That the state is then decided in
// time is for InTime to say.
func Paused(h *History) []Violation {
	f := found{invariant: 19}
	pauses := h.pauses()
	for _, e := range h.Events {
		if e.Manual != nil {
			continue
		}
		for _, p := range pauses {
			if p.scope.Covers(e.Key, nil) && p.index < e.ID && e.ID < p.endIndex && h.at(e) < p.To {
				f.add(e.Key, "", e.At, "event %d of %s to %v was decided at %v, and entry %d pauses %v from %v until %v",
					e.ID, e.Key, e.To, h.at(e), p.index, p.scope, p.From, p.To)
			}
		}
	}
	return f.all
}

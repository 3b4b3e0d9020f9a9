package check

import "tocsin/fsm"

// Once checks that a notification is run twice only if the node died in the
// middle of it. What failed may be tried again, a leader may run what it ran as
// follower before, and a disk that was lost remembers nothing. Attempts are
// counted up.
func Once(h *History) []Violation {
	f := found{invariant: 8}
	last := map[delivery]Run{}
	for _, r := range h.Runs {
		d := delivery{r.Node, r.Event}
		before, again := last[d]
		last[d] = r
		if !again || h.origin(r.Node, r.Life) != h.origin(before.Node, before.Life) {
			continue
		}
		if r.Attempt <= before.Attempt {
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s as attempt %d after attempt %d", r.Node, r.Event, r.Key, r.Attempt, before.Attempt)
		}
		promoted := r.Role == fsm.Leader && before.Role != fsm.Leader
		if !h.cutShort(before) && !promoted && before.Exit == 0 {
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s again as %s: attempt %d as %s had ended well at %v, and the node did not die", r.Node, r.Event, r.Key, r.Role, before.Attempt, before.Role, before.End)
		}
	}
	return f.all
}

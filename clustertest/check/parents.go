package check

// ParentsHold checks that while an endpoint is DOWN nothing is committed for what
// depends on it, but by hand: not for its children, and not for theirs. What was
// decided before it went DOWN is not committed behind it either. That the state is
// decided in time when it is DOWN no longer is for InTime to say.
func ParentsHold(h *History) []Violation {
	f := found{invariant: 20}
	for m, before := range h.standings() {
		if m.made == nil || m.made.Manual != nil {
			continue
		}
		for _, parent := range before.holding(m.made.Key) {
			f.add(m.made.Key, "", m.At, "event %d of %s to %v was committed while %s, on which it depends, was DOWN",
				m.made.ID, m.made.Key, m.made.To, parent)
		}
	}
	return f.all
}

package check

// NoHistory checks that a new node runs no history: no event from before it
// joined.
func NoHistory(h *History) []Violation {
	f := found{invariant: 9}
	for _, r := range h.Runs {
		if joined := h.joinedBefore(r.Node, r.From); r.Event <= joined {
			f.add(r.Key, r.Node, r.From, "%s ran event %d of %s, and is a node of the cluster since index %d", r.Node, r.Event, r.Key, joined)
		}
	}
	return f.all
}

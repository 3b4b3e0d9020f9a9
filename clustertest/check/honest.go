package check

import "time"

// noticing is how long a node may take to notice that it is cut off, and the
// history to notice that the node says so.
const noticing = 8 * time.Second

// HonestHealth checks that health answers honestly: a node that nobody reaches
// does not call itself ready.
func HonestHealth(h *History) []Violation {
	f := found{invariant: 16}
	for node := range h.Sites {
		for _, cut := range h.isolations(node) {
			from := cut.From + noticing
			for i, r := range h.Ready {
				if r.Node != node || !r.Ready {
					continue
				}
				end := forever
				for _, next := range h.Ready[i+1:] {
					if next.Node == node {
						end = next.At
						break
					}
				}
				if max(r.At, from) < min(end, cut.To) {
					f.add("", node, max(r.At, from), "%s calls itself ready, and has not been reached by any node since %v", node, cut.From)
				}
			}
		}
	}
	return f.all
}

// isolations are the times in which no message of raft reaches a node.
func (h *History) isolations(node string) []Span {
	var spans []Span
	isolated := false
	for _, l := range h.Links {
		now := true
		for pair, reaches := range l.Reach {
			if pair.To == node && reaches {
				now = false
			}
		}
		switch {
		case now && !isolated:
			spans = append(spans, Span{From: l.At, To: forever})
		case !now && isolated:
			spans[len(spans)-1].To = l.At
		}
		isolated = now
	}
	return spans
}

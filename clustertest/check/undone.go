package check

import "tocsin/fsm"

// UndoneIsUndone checks that a write that was reported as not done is not in the
// log, and that none is there twice: a write is sent again only if it certainly
// was not done. It looks at writes that differ from all others.
func UndoneIsUndone(h *History) []Violation {
	f := found{invariant: 11}
	places := map[string][]Entry{}
	for _, e := range h.Log {
		for _, c := range e.Commands {
			if distinct(c) {
				places[asJSON(c)] = append(places[asJSON(c)], e)
			}
		}
	}
	for _, w := range h.Writes {
		if !distinct(w.Command) {
			continue
		}
		at := places[asJSON(w.Command)]
		switch {
		case len(at) > 1:
			f.add(keyOf(w.Command), w.Node, at[1].At, "the write %s through %s is in the log as entries %d and %d", asJSON(w.Command), w.Node, at[0].Index, at[1].Index)
		case len(at) == 1 && w.Err != "" && !w.Uncertain:
			f.add(keyOf(w.Command), w.Node, w.To, "the write %s through %s was reported as not done (%s), and is entry %d", asJSON(w.Command), w.Node, w.Err, at[0].Index)
		case len(at) == 1 && w.Refused != "" && w.Index == 0:
			f.add(keyOf(w.Command), w.Node, w.To, "the write %s through %s was refused (%s), and is entry %d", asJSON(w.Command), w.Node, w.Refused, at[0].Index)
		}
	}
	return f.all
}

// distinct reports whether no other write of the history is like c.
func distinct(c fsm.Command) bool {
	set, is := c.(fsm.SetEndpoint)
	return is && set.Labels != nil && len(*set.Labels) > 0
}

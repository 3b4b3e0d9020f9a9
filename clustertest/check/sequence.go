package check

import (
	"encoding/json"
)

// OneSequence checks that all nodes' events are prefixes of one sequence: no
// two nodes apply different entries at one index, each event that a process
// shows is the one of the replayed log, and it shows them in order.
func OneSequence(h *History) []Violation {
	f := found{invariant: 1}
	for _, c := range h.Conflicts {
		f.add("", "", 0, "%s", c)
	}
	byID := h.eventsByID()
	type process struct {
		node string
		life int
	}
	last := map[process]uint64{}
	for _, s := range h.Seen {
		p := process{s.Node, s.Life}
		if s.Event.ID <= last[p] {
			f.add(s.Event.Key, s.Node, s.At, "%s shows event %d after event %d", s.Node, s.Event.ID, last[p])
		}
		last[p] = s.Event.ID
		e, ok := byID[s.Event.ID]
		switch {
		case !ok:
			f.add(s.Event.Key, s.Node, s.At, "%s shows event %d of %s, and the log makes no such event", s.Node, s.Event.ID, s.Event.Key)
		case s.Event != e.Event && asJSON(s.Event) != asJSON(e.Event):
			f.add(s.Event.Key, s.Node, s.At, "%s shows event %d as %s, and the log makes it %s", s.Node, s.Event.ID, asJSON(s.Event), asJSON(e.Event))
		}
	}
	return f.all
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

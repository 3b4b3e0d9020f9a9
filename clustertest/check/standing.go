package check

import (
	"iter"
	"maps"
	"slices"

	"tocsin/fsm"
	"tocsin/health"
)

// standing is how the endpoints stand at one point of the log: which there are,
// what each depends on, in what state it is, and how many of them may be DOWN.
type standing struct {
	endpoints map[string]*stands
	brake     int // the share that may be DOWN, in percent; 0 for no limit
}

type stands struct {
	parents []string
	state   health.Status
}

// moment is one command of the log that was not refused.
type moment struct {
	Entry
	command fsm.Command
	// made is the event that it made, if it made one.
	made *Event
}

// standings goes through the log, and yields each moment with how all stood
// before it; what it yields last, with a moment that is empty, is how all stand
// in the end. It is derived from commands and events, without the state machine,
// and is the same standing all the time: whoever wants to keep it has to copy it.
func (h *History) standings() iter.Seq2[moment, *standing] {
	return func(yield func(moment, *standing) bool) {
		made := h.eventsByID()
		s := &standing{endpoints: map[string]*stands{}}
		for _, entry := range h.Log {
			for c := range entry.done() {
				m := moment{Entry: entry, command: c}
				if e, ok := made[entry.Index]; ok && fsm.MakesEvent(c) && keyOf(c) == e.Key {
					m.made = &e
				}
				if !yield(m, s) {
					return
				}
				s.follow(m)
			}
		}
		yield(moment{}, s)
	}
}

// stood returns how all stand in the end.
func (h *History) stood() *standing {
	var last *standing
	for _, s := range h.standings() {
		last = s
	}
	return last
}

// follow does what a moment does.
func (s *standing) follow(m moment) {
	switch c := m.command.(type) {
	case fsm.Found:
		s.brake = int(c.Settings.Brake)
	case fsm.ChangeSettings:
		s.brake = int(c.Settings.Brake)
	case fsm.SetEndpoint:
		if s.endpoints[c.Key] == nil {
			s.endpoints[c.Key] = &stands{}
		}
		if c.Parents != nil {
			s.endpoints[c.Key].parents = *c.Parents
		}
	case fsm.DeleteEndpoint:
		delete(s.endpoints, c.Key)
	}
	if m.made != nil && s.endpoints[m.made.Key] != nil {
		s.endpoints[m.made.Key].state = m.made.To
	}
}

// holding returns the endpoints that hold one because it depends on them, and
// they are DOWN: parents, theirs, and so on. One that is not there holds nothing,
// nor does one that itself depends on it.
func (s *standing) holding(key string) (holding []string) {
	for _, above := range s.above(key) {
		if e := s.endpoints[above]; e != nil && above != key && e.state == health.Down && !slices.Contains(s.above(above), key) {
			holding = append(holding, above)
		}
	}
	return holding
}

func (s *standing) above(key string) []string {
	if e := s.endpoints[key]; e == nil || len(e.parents) == 0 {
		return nil
	}
	all := map[string]bool{}
	var climb func(key string)
	climb = func(key string) {
		if s.endpoints[key] == nil {
			return
		}
		for _, parent := range s.endpoints[key].parents {
			if !all[parent] {
				all[parent] = true
				climb(parent)
			}
		}
	}
	climb(key)
	return slices.Sorted(maps.Keys(all))
}

// down is how many endpoints are DOWN.
func (s *standing) down() (n int) {
	for _, e := range s.endpoints {
		if e.state == health.Down {
			n++
		}
	}
	return n
}

// brakes reports whether one more endpoint that is DOWN would be too many.
func (s *standing) brakes() bool {
	return s.brake > 0 && (s.down()+1)*100 > s.brake*len(s.endpoints)
}

// holds reports whether parents or the brake keep an endpoint from becoming to.
func (s *standing) holds(key string, to health.Status) bool {
	return len(s.holding(key)) > 0 || to == health.Down && s.brakes()
}

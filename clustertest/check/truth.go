package check

import (
	"time"

	"tocsin/health"
)

// Truth checks that there is no DOWN while a majority of observers reached the
// endpoint all the time, and no UP while none did. It asks more than that: each
// vote that counted was true, that is, its node saw the target of the
// endpoint's present value in that state not long before it made the ballot. A
// quorum of true votes can't contradict a majority.
func Truth(h *History) []Violation {
	f := found{invariant: 4}
	longest := h.longestInterval()
	sights := h.sightsByPair()
	for _, e := range h.Events {
		for _, v := range agreeing(e) {
			rows := max(e.Settings.Rise, e.Settings.Fall) + 2
			memory := time.Duration(rows)*longest*5/4 + 3*time.Second
			made := h.at(e) - time.Duration(v.Age)
			if !saw(sights[sighting{v.Node, e.Value}], e.To, made-memory, made) {
				f.add(e.Key, v.Node, e.At, "event %d of %s (value %s) to %v counts a vote of %s made at %v, which had seen no %v since %v",
					e.ID, e.Key, e.Value, e.To, v.Node, made, e.To, made-memory)
			}
		}
	}
	return f.all
}

type sighting struct{ node, target string }

func (h *History) sightsByPair() map[sighting][]Sight {
	by := map[sighting][]Sight{}
	for _, s := range h.Sights {
		by[sighting{s.Node, s.Target}] = append(by[sighting{s.Node, s.Target}], s)
	}
	return by
}

// saw reports whether the sights hold that status at any moment between from
// and to. What was never said is UP.
func saw(sights []Sight, want health.Status, from, to time.Duration) bool {
	now := health.Up
	for _, s := range sights {
		if s.At > to {
			break
		}
		if s.At > from && now == want {
			return true
		}
		now = s.Status
	}
	return now == want
}

package check

import (
	"time"

	"tocsin/health"
)

// disturbances are the times in which something else than the checks decides what
// becomes of endpoints, or keeps all from deciding it.
type disturbances struct {
	pauses  []paused
	byHand  map[string][]Span // of an endpoint: from the decision until it is committed
	parents map[string][]Span // of an endpoint: one that it depends on is DOWN
	brake   []Span            // one more that is DOWN would be too many
}

func (h *History) disturbances() disturbances {
	d := disturbances{pauses: h.pauses(), byHand: map[string][]Span{}, parents: map[string][]Span{}}
	for _, e := range h.Events {
		if e.Manual != nil {
			d.byHand[e.Key] = append(d.byHand[e.Key], Span{h.at(e), e.At})
		}
	}
	var now time.Duration // of the standing: when the last moment was
	for m, s := range h.standings() {
		until := m.At
		if m.command == nil { // there is none any more
			until = forever
		}
		for key := range s.endpoints {
			if len(s.holding(key)) > 0 {
				d.parents[key] = extended(d.parents[key], Span{now, until})
			}
		}
		if s.brakes() {
			d.brake = extended(d.brake, Span{now, until})
		}
		now = until
	}
	return d
}

// extended adds a stretch of time to some that are earlier, and makes it one with
// the last if they touch.
func extended(all []Span, s Span) []Span {
	if last := len(all) - 1; last >= 0 && all[last].To >= s.From {
		all[last].To = s.To
		return all
	}
	return append(all, s)
}

// undisturbed returns the parts of a stretch of time in which the checks alone
// decide whether an endpoint becomes to: nothing holds it, and nobody sets its
// state by hand. Who does begins another part.
func (d disturbances) undisturbed(key string, to health.Status, s Span) []Span {
	parts := []Span{s}
	cut := func(holes []Span) {
		for _, hole := range holes {
			parts = without(parts, hole)
		}
	}
	for _, p := range d.pauses {
		if p.scope.Covers(key, nil) {
			parts = without(parts, p.Span)
		}
	}
	cut(d.byHand[key])
	cut(d.parents[key])
	if to == health.Down {
		cut(d.brake)
	}
	return parts
}

// without cuts a hole into stretches of time.
func without(parts []Span, hole Span) (left []Span) {
	for _, p := range parts {
		if hole.To < p.From || hole.From > p.To {
			left = append(left, p)
			continue
		}
		if p.From < hole.From {
			left = append(left, Span{p.From, hole.From})
		}
		if hole.To < p.To {
			left = append(left, Span{hole.To, p.To})
		}
	}
	return left
}

package quorum

import (
	"strings"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/hold"
)

// heldBack is a change that is agreed and held back, as was last logged.
type heldBack struct {
	generation uint64 // another endpoint of the same slot is none of it
	said       string // what it is to become, and what holds it
}

// holdBack takes note of a change that is agreed and held back, says so once, and
// comes back to it when all that has an end has ended. What has none is a
// replicated fact, whose change wakes the Loop. An end by the wall clock is
// waited for by the monotonic one: if the former is put forward meanwhile, the
// sweep finds out. Falls says that it waits for what another endpoint becomes.
func (t *term) holdBack(e *fsm.Endpoint, a Answer, falls bool, now time.Time) {
	switch again := a.again(); {
	case again > 0:
		t.alarms.set(e.Slot, now.Add(again))
	case falls:
		t.alarms.set(e.Slot, now.Add(retryPause))
	default:
		t.alarms.clear(e.Slot)
	}
	said := []string{a.To.String()}
	var kinds, reasons []string
	for _, h := range a.HeldBy {
		said = append(said, string(h.Kind), h.Of)
		kinds, reasons = append(kinds, string(h.Kind)), append(reasons, h.Holds("it"))
	}
	is := heldBack{e.Generation, strings.Join(said, " ")}
	if t.held[e.Slot] == is {
		return
	}
	t.held[e.Slot] = is
	for _, h := range a.HeldBy {
		t.Observer.HeldBack(h.Kind)
	}
	t.Logger.Info("change held back", "key", e.Key, "from", e.State, "to", a.To,
		"held_by", list(kinds, maxNamed), "for", a.again(), "reason", strings.Join(reasons[:min(len(reasons), maxNamed)], "; "))
}

// warnOfUnreadable says which of the maintenance windows that were not there
// before hold nothing, since this build can't read them.
func (t *term) warnOfUnreadable(before *fsm.Holds) {
	if t.view.Holds() == before {
		return
	}
	for w, err := range hold.Unreadable(t.view.Holds()) {
		if old, ok := before.Window(w.Name); ok && old == w {
			continue
		}
		t.Logger.Warn("a maintenance window can't be read on this node and holds nothing while it leads: set it anew, or install the time zones (tzdata)",
			"window", w.Name, "err", err)
	}
}

// wakeHeld makes due whatever is held back.
func (t *term) wakeHeld() {
	for slot := range t.held {
		t.due.push(slot)
	}
}

// wakeBelow makes due what depends on an endpoint.
func (t *term) wakeBelow(key string) {
	for e := range t.view.Below(key) {
		t.due.push(e.Slot)
	}
}

// falls reports whether e is about to be DOWN: what depends on it waits for that,
// or the order in which they are looked at would tell whether it is held. If it
// comes to nothing, the alarm of the one that waits finds out.
func (t *term) falls(e *fsm.Endpoint, at Moment, table *gossipdb.Table) bool {
	if to, underWay := t.inFlight[e.Key]; underWay {
		return to == health.Down
	}
	a := t.roster.ask(nil, t.view, table, e, at).decide()
	return a.Change && a.To == health.Down
}

// falling is how many endpoints are not DOWN yet and have a proposal under way
// that makes them so.
func (t *term) falling() int {
	n := 0
	for key, to := range t.inFlight {
		if e, ok := t.view.Endpoint(key); ok && to == health.Down && e.State != health.Down {
			n++
		}
	}
	return n
}

// brakes reports whether the brake holds back the next one that would be DOWN.
func (t *term) brakes(falling int) bool { return len(hold.Braked(t.view, falling)) > 0 }

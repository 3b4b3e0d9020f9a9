package verify

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/fsm"
)

// follow brings the schedule to where view is. The slots that now mean
// something else are said to be UNKNOWN in the same call that moves the index,
// so that no ballot ever claims a new index with old verdicts.
func (s *scheduler) follow(view *fsm.View) {
	first := s.view == nil
	var since, cast uint64
	if !first {
		since, cast = s.view.Index(), s.view.EndpointsIndex()
	}
	if view.Index() < since {
		since = 0 // the state was put back to an older one: look at everything
	}
	s.view = view

	reset := slots{}
	changes := view.ChangesSince(since)
	if changes.Everything {
		s.followAll(reset)
	}
	for _, key := range changes.Deleted {
		s.remove(key, reset)
	}
	for _, e := range changes.Modified {
		s.update(e, reset)
	}
	// A view in which only states or outcomes moved has nothing to say here.
	if first || len(reset) > 0 || cast != view.EndpointsIndex() {
		s.cfg.Verdicts.Cast(view.EndpointsIndex(), reset.votes())
	}
}

// followAll compares all that is watched with all that there is.
func (s *scheduler) followAll(reset slots) {
	for key := range s.watches {
		if _, ok := s.view.Endpoint(key); !ok {
			s.remove(key, reset)
		}
	}
	for e := range s.view.Endpoints("") {
		s.update(e, reset)
	}
}

// update makes the watch of e what e asks for.
func (s *scheduler) update(e *fsm.Endpoint, reset slots) {
	settings := s.view.SettingsOf(e)
	w := s.watches[e.Key]
	if w != nil && w.endpoint != nil && w.endpoint.Generation != e.Generation {
		s.remove(e.Key, reset)
		w = s.watches[e.Key] // still there if it has a flight
	}
	if w == nil {
		w = &watch{}
		s.watches[e.Key] = w
	}
	before, beforeSettings := w.endpoint, w.settings
	w.endpoint, w.settings = e, settings
	switch {
	case before == nil:
		s.records.begin(e.Key)
		s.restart(w, reset)
	case before.Revision != e.Revision:
		s.records.reset(e.Key)
		s.restart(w, reset)
	case beforeSettings.Interval != settings.Interval || beforeSettings.Retry() != settings.Retry():
		s.reschedule(w)
	}
}

// restart begins a revision: nothing seen before counts, and the check in
// flight is stopped.
func (s *scheduler) restart(w *watch, reset slots) {
	reset.add(w.endpoint.Slot)
	w.abandonFlight()
	s.setLate(w, false)
	s.setTracker(w, tracker{})
	w.sick, w.started = false, time.Time{}
	w.due = time.Now().Add(firstDelay(w.settings, rand.Float64()))
	s.enqueue(w)
}

// reschedule fits the next check to another interval. One that would have been
// due already comes soon, though not at once: the interval may have changed
// for all endpoints together.
func (s *scheduler) reschedule(w *watch) {
	if w.flight != nil || w.started.IsZero() {
		return // landing looks at the new interval; the first check is near anyway
	}
	now := time.Now()
	w.due = w.started.Add(pause(w.settings, w.tracker.disagrees(), rand.Float64()))
	if w.due.Before(now) {
		w.due = now.Add(firstDelay(w.settings, rand.Float64()))
	}
	s.enqueue(w)
}

// remove ends the watch of a deleted endpoint.
func (s *scheduler) remove(key string, reset slots) {
	w := s.watches[key]
	if w == nil || w.endpoint == nil {
		return
	}
	reset.add(w.endpoint.Slot)
	s.records.end(key)
	w.endpoint = nil
	w.refuseAsked()
	w.unqueue()
	w.abandonFlight()
	s.setLate(w, false)
	s.setOpen(w, false)
	if w.flight == nil {
		delete(s.watches, key)
	}
}

// enqueue puts w where its due time belongs, or leaves that to the landing of
// the flight it still has.
func (s *scheduler) enqueue(w *watch) {
	w.unqueue()
	if w.flight == nil {
		w.waitIn(&s.scheduled)
	}
}

// abandonFlight stops the check in flight, if any; its sample will be dropped.
func (w *watch) abandonFlight() {
	if w.flight != nil {
		w.flight.abandoned = true
		w.flight.cancel()
	}
}

// slots is a set of slots of which nothing is known any more.
type slots map[uint32]struct{}

func (s slots) add(slot uint32) { s[slot] = struct{}{} }

// votes returns an UNKNOWN for each slot, in order.
func (s slots) votes() []Vote {
	votes := make([]Vote, 0, len(s))
	for slot := range s {
		votes = append(votes, Vote{Slot: slot})
	}
	slices.SortFunc(votes, func(a, b Vote) int { return cmp.Compare(a.Slot, b.Slot) })
	return votes
}

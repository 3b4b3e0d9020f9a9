package notify

import (
	"tocsin/fsm"
	"tocsin/health"
)

// A gap is a row of events that the cluster no longer keeps, and that this node
// never saw: it was away for too long, or has lost its ledger. They can't be
// run one by one any more. What counts by then is what is so now, and that the
// endpoints tell: the newest event of each is in its record.

// gap is the one that a turn has found.
type gap struct {
	from, to uint64 // after this event, up to that one
	// doubt: the ledger does not tell all that this node has done.
	doubt bool
}

// missed returns how many events of its endpoint have passed by between the
// one that this node saw last and the one with that sequence.
func (g *gap) missed(s seen, generation, sequence, origin uint64) int {
	if g == nil || sequence <= 2 {
		return 0 // the first is the baseline, which is for nobody
	}
	known := s.event > g.from || s.sequence > 0 && !g.doubt
	switch {
	case known && sequence > s.sequence:
		return int(sequence - s.sequence - 1)
	case known:
		return 0
	case !g.doubt && generation > origin:
		return int(sequence - 2) // none was seen
	}
	return fsm.MissedUnknown
}

// bridge finds the endpoints whose newest event is in the gap, and has one
// notification run for each whose state is not what this node acted on last.
// Behind the gap are events that are kept: they take their usual way.
func (o *owner) bridge(g *gap) {
	o.gaps++
	skip := o.config.Missed == Skip
	var run, unchanged, left int
	for e := range o.view.Endpoints("") {
		if e.LastEvent <= g.from || e.LastEvent > g.to || e.Sequence < 2 {
			continue // seen, or still kept, or only a baseline
		}
		s := o.seenOf(e.Key, e.Generation)
		missed := g.missed(s, e.Generation, e.Sequence, o.origin)
		switch {
		case skip:
			left++
			o.passedBy(e, s.state, missed)
			o.review(e.Key)
		case !s.open && s.state == e.State && !g.doubt:
			unchanged++
			o.passedBy(e, s.state, missed)
		default:
			run++
			o.madeUp++
			o.add(Entry{Event: e.LastEvent, Key: e.Key, Stage: Waiting, Missed: missed}, presentEvent(e))
			o.review(e.Key)
		}
	}
	o.cursor = g.to
	o.pending.delay(o.now)
	o.log.Error("events were missed: the cluster no longer keeps them; what is so now is notified where it differs from what this node acted on last",
		"after_event", g.from, "to_event", g.to, "run", run, "unchanged", unchanged, "skipped", left, "policy", o.config.Missed)
}

// passedBy notes that this node has come as far as e's newest event, and did
// nothing about it.
func (o *owner) passedBy(e *fsm.Endpoint, state health.Status, missed int) {
	if missed >= 0 {
		o.missed += uint64(missed) + 1 // and the newest
	}
	o.rememberActed(Acted{Key: e.Key, Generation: e.Generation, Event: e.LastEvent, Sequence: e.Sequence, State: state})
}

// presentEvent is what is left of e's newest event when the cluster no longer
// keeps it. Who voted, and who led, is forgotten.
func presentEvent(e *fsm.Endpoint) *fsm.Event {
	from := health.Up
	if e.State == health.Up {
		from = health.Down
	}
	return &fsm.Event{
		ID: e.LastEvent, Key: e.Key, Value: e.Value, Generation: e.Generation, Sequence: e.Sequence,
		From: from, To: e.State, Time: e.Since, Votes: []fsm.Vote{},
	}
}

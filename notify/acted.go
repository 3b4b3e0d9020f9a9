package notify

import (
	"tocsin/fsm"
	"tocsin/health"
)

// remember notes that a script was run for n, and how it ended.
func (o *owner) remember(n *notification, ending fsm.Ending) {
	if !n.ranInThisPass() {
		return
	}
	a := Acted{Key: n.Key, Generation: n.Generation, Event: n.Event, Sequence: n.Sequence}
	if ending == fsm.Done {
		a.State = n.event.To
	}
	o.rememberActed(a)
}

// recall notes what the replicated state tells of e, an event that this node
// has ended though its ledger does not know.
func (o *owner) recall(e *fsm.Event, ended *fsm.Outcome) {
	if ended.Attempt == 0 {
		return
	}
	a := Acted{Key: e.Key, Generation: e.Generation, Event: e.ID, Sequence: e.Sequence}
	if ended.Ending == fsm.Done {
		a.State = e.To
	}
	o.rememberActed(a)
}

// rememberActed keeps a unless there is something newer, or the endpoint is
// gone: what is kept never outgrows the endpoints.
func (o *owner) rememberActed(a Acted) {
	e, there := o.view.Endpoint(a.Key)
	old, known := o.acted[a.Key]
	if !there || e.Generation != a.Generation || known && old.Generation == a.Generation && old.Event > a.Event {
		return
	}
	o.acted[a.Key] = a
	o.pending.did(a, o.now)
}

// forgetGone drops what was done about an endpoint that is there no more.
func (o *owner) forgetGone(key string) {
	a, known := o.acted[key]
	if e, there := o.view.Endpoint(key); !known || there && e.Generation == a.Generation {
		return
	}
	delete(o.acted, key)
	o.pending.notDid(key, o.now)
}

// actedAfter returns the event of n's endpoint that a script was run for here
// already, if it is newer than n: 0 if there is none. Only a ledger that is
// behind makes one.
func (o *owner) actedAfter(n *notification) uint64 {
	if a, known := o.acted[n.Key]; known && a.Generation == n.Generation && a.Event > n.Event {
		return a.Event
	}
	return 0
}

// seen is how far this node has come with one endpoint.
type seen struct {
	event, sequence uint64 // of the newest event taken in; 0 if none is known
	state           health.Status
	open            bool // and its notification has not ended
}

// seenOf returns how far this node has come with that generation of key.
func (o *owner) seenOf(key string, generation uint64) (s seen) {
	if a, known := o.acted[key]; known && a.Generation == generation {
		s = seen{event: a.Event, sequence: a.Sequence, state: a.State}
	}
	if l := o.lanes[key]; len(l) > 0 {
		s.open = true
		if last := l[len(l)-1]; last.Generation == generation && last.Event > s.event {
			s.event, s.sequence = last.Event, last.Sequence
		}
	}
	return s
}

package notify

import (
	"time"

	"tocsin/fsm"
)

// follow takes in the events behind the cursor.
func (o *owner) follow() {
	var g *gap
	if to := o.view.LastForgotten(); to > o.cursor {
		g = &gap{from: o.cursor, to: to, doubt: o.doubt}
		o.bridge(g)
	}
	for e := range o.view.EventsAfter(o.cursor) {
		o.cursor = e.ID
		o.pending.delay(o.now)
		if !e.Baseline {
			o.takeIn(e, g)
		}
	}
	o.doubt = false // all that could be found out was found out
}

// takeIn makes a notification of e, which is behind the gap if there is one.
func (o *owner) takeIn(e *fsm.Event, g *gap) {
	if ended, ok := o.view.Outcome(e.ID, o.config.Node); ok {
		o.recall(e, ended)
	} else {
		missed := g.missed(o.seenOf(e.Key, e.Generation), e.Generation, e.Sequence, o.origin)
		o.add(Entry{Event: e.ID, Key: e.Key, Stage: Waiting, Missed: missed}, e)
	}
	o.review(e.Key)
}

// heedChanges looks again at the lanes that changes since the View with that
// index may concern.
func (o *owner) heedChanges(since uint64) {
	o.recognize()
	changes := o.view.ChangesSince(since)
	if changes.Everything {
		for key := range o.acted {
			o.forgetGone(key)
		}
		for key := range o.lanes {
			o.review(key)
		}
		return
	}
	for _, key := range changes.Deleted {
		o.forgetGone(key)
		o.review(key)
	}
	for _, e := range changes.Modified {
		o.review(e.Key)
	}
}

// recognize finds the events of the entries that were loaded.
func (o *owner) recognize() {
	for id, n := range o.unseen {
		e, kept := o.view.Event(id)
		switch {
		case kept && o.endedBefore(n.Entry):
			// The ledger is older than what the cluster knows of us: an old
			// copy was put back.
			o.log.Warn("the ledger is behind: the notification has ended before", "event", id, "key", n.Key)
			if ended, ok := o.view.Outcome(id, o.config.Node); ok {
				o.recall(e, ended)
			}
			o.remove(n)
		case kept:
			o.identify(n, e)
		case o.view.Index() >= id:
			o.identify(n, o.remainsOf(n))
		default:
			continue // this node has yet to catch up
		}
		o.review(n.Key)
	}
}

func (o *owner) identify(n *notification, e *fsm.Event) {
	n.event, n.Generation, n.Sequence = e, e.Generation, e.Sequence
	delete(o.unseen, n.Event)
	o.show(n)
}

// remainsOf returns what can still be said of n's event, which the cluster no
// longer keeps. If it is not even the newest of its endpoint, a newer one is on
// its way and takes its place.
func (o *owner) remainsOf(n *notification) *fsm.Event {
	if e, there := o.view.Endpoint(n.Key); there && e.LastEvent == n.Event {
		return presentEvent(e)
	}
	return &fsm.Event{ID: n.Event, Key: n.Key, Generation: n.Generation, Sequence: n.Sequence}
}

// endedBefore says whether the replicated state shows that this node has ended
// the notification of e, though its ledger does not know.
func (o *owner) endedBefore(e Entry) bool {
	outcome, ok := o.view.Outcome(e.Event, o.config.Node)
	switch {
	case !ok:
		return false
	case e.TakenOver:
		return outcome.Attempt > e.Before
	}
	return outcome.Retry >= e.Retry
}

// knownSince returns when this node got to know e.
func knownSince(e *fsm.Event, now time.Time) time.Time {
	if e.AppliedAt.IsZero() {
		return now
	}
	return e.AppliedAt
}

// add makes a notification of entry and has the ledger hold it.
func (o *owner) add(entry Entry, e *fsm.Event) {
	entry.Generation, entry.Sequence = e.Generation, e.Sequence
	if entry.Missed > 0 {
		o.missed += uint64(entry.Missed)
	}
	n := newNotification(entry)
	n.event, n.since = e, knownSince(e, o.now)
	if n.again() {
		n.since = o.now
	}
	o.enter(n)
	o.pending.entry(n)
}

// enter gives n its place in its lane.
func (o *owner) enter(n *notification) {
	o.open[n.Event] = n
	o.lanes[n.Key] = o.lanes[n.Key].with(n)
	if n.event == nil {
		n.since = o.now
		o.unseen[n.Event] = n
	}
	o.ages.Push(n)
	o.show(n)
}

// remove takes n out of everything, without an outcome.
func (o *owner) remove(n *notification) {
	n.phase = ended
	o.ready.Remove(n)
	o.pauses.Remove(n)
	o.ages.Remove(n)
	delete(o.open, n.Event)
	delete(o.unseen, n.Event)
	if rest := o.lanes[n.Key].without(n); len(rest) > 0 {
		o.lanes[n.Key] = rest
	} else {
		delete(o.lanes, n.Key)
	}
	o.pending.noEntry(n.Event)
	o.book.drop(n.Event)
}

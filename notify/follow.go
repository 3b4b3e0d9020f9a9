package notify

import (
	"time"

	"tocsin/fsm"
)

// begin sets the cursor of a ledger that nothing was written to.
func (o *owner) begin(view *fsm.View) {
	o.cursor, o.origin = o.config.Start, o.config.Start
	self, known := view.Observer(o.config.Node)
	if !known || self.Joined >= o.config.Start {
		return
	}
	// The node is older than its ledger. Events that were decided in between
	// and that it never reported are lost to it; say so.
	var missed []uint64
	for e := range view.EventsAfter(self.Joined) {
		if e.ID > o.config.Start {
			break
		}
		if _, reported := view.Outcome(e.ID, o.config.Node); !reported && !e.Baseline {
			missed = append(missed, e.ID)
		}
	}
	if len(missed) > 0 {
		o.gaps++
		o.log.Error("the ledger is new but the node is not: events were missed", "events", len(missed), "from", missed[0], "to", missed[len(missed)-1])
	}
}

// follow takes in the events behind the cursor.
func (o *owner) follow() {
	o.noticeGap()
	for e := range o.view.EventsAfter(o.cursor) {
		o.cursor = e.ID
		o.pending.delay(o.now)
		if e.Baseline || o.endedBefore(Entry{Event: e.ID}) {
			continue
		}
		o.add(Entry{Event: e.ID, Key: e.Key, Stage: Waiting}, e)
		o.review(e.Key)
	}
}

// noticeGap finds out whether events behind the cursor are kept no more. The
// replicated state doesn't tell what it has forgotten; it has forgotten
// something when it holds as many events as it may, or when an endpoint names
// a last event that is not there.
func (o *owner) noticeGap() {
	first := o.view.FirstEvent()
	if first <= o.cursor {
		return // the event of the cursor, or one before it, is still kept
	}
	forgotten := o.view.EventCount() >= o.view.Settings().EventsKept
	if !forgotten {
		for e := range o.view.Endpoints("") {
			if e.LastEvent > o.cursor && e.LastEvent < first {
				forgotten = true
				break
			}
		}
	}
	if !forgotten {
		return
	}
	o.gaps++
	o.log.Error("this node was away for too long: events may be missing that the cluster no longer keeps, their notifications are not run here", "from", o.cursor, "to", first)
	// Everything before the first one is behind us now.
	o.cursor = first - 1
	o.pending.delay(o.now)
}

// heedChanges looks again at the lanes that changes since the View with that
// index may concern.
func (o *owner) heedChanges(since uint64) {
	o.recognize()
	changes := o.view.ChangesSince(since)
	if changes.Everything {
		for key := range o.lanes {
			o.review(key)
		}
		return
	}
	for _, key := range changes.Deleted {
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
			o.remove(n)
		case kept:
			n.event = e
			delete(o.unseen, id)
		case o.view.Index() >= id:
			o.gaps++
			o.log.Error("a notification can't be finished: the cluster no longer keeps its event", "event", id, "key", n.Key, "attempt", n.Attempt)
			o.remove(n)
		default:
			continue // this node has yet to catch up
		}
		o.review(n.Key)
	}
}

// endedBefore says whether the replicated state shows that this node has ended
// the notification of e, though its ledger does not know.
func (o *owner) endedBefore(e Entry) bool {
	outcome, ok := o.view.Outcome(e.Event, o.config.Node)
	return ok && (!e.TakenOver || outcome.Attempt > e.Before)
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
	n := newNotification(entry)
	n.event, n.since = e, knownSince(e, o.now)
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
	o.ages.push(n)
}

// remove takes n out of everything, without an outcome.
func (o *owner) remove(n *notification) {
	n.phase = ended
	delete(o.open, n.Event)
	delete(o.unseen, n.Event)
	if rest := o.lanes[n.Key].without(n); len(rest) > 0 {
		o.lanes[n.Key] = rest
	} else {
		delete(o.lanes, n.Key)
	}
	o.pending.noEntry(n.Event)
}

package fsm

import "tocsin/health"

func (b *builder) transition(c Transition) (bool, *Refusal) {
	e, ok := b.endpoint(c.Key)
	switch {
	case !ok:
		return false, noEndpoint(c.Key)
	case b.term != c.Term:
		return false, refuse(Conflict, "the decision about endpoint %q was made in term %d, and this is term %d: decide again", c.Key, c.Term, b.term)
	}
	if outdated := c.Basis.outdated(c.Key, b.next.Basis(e)); outdated != nil {
		return false, outdated
	}
	if forbidden := b.forbidden(e, c.To); forbidden != nil {
		return false, forbidden
	}
	return b.change(e, &Event{To: c.To, Time: c.Time, Leader: c.Leader, Quorum: c.Quorum, Votes: c.Votes})
}

// change makes an event of e: event says what was decided, and the rest of it
// follows from the state.
func (b *builder) change(e *Endpoint, event *Event) (bool, *Refusal) {
	switch {
	case b.next.clusterID == "":
		// Nothing says yet how many events to keep: it would vanish at once.
		return false, refuse(Conflict, "endpoint %q can't change its state before the cluster is founded: found it first", e.Key)
	case event.To == e.State, event.To != health.Up && event.To != health.Down:
		return false, refuse(Invalid, "endpoint %q can't change from %v to %v: only to UP or DOWN, and to what it is not", e.Key, e.State, event.To)
	case b.next.lastEvent == b.index:
		return false, refuse(Conflict, "entry %d has already made the one event that an entry can make: propose the change of endpoint %q in another", b.index, e.Key)
	}
	event.ID, event.Term, event.AppliedAt = b.index, b.term, b.now
	event.Key, event.Value, event.Generation = e.Key, e.Value, e.Generation
	event.From, event.Sequence, event.Baseline = e.State, e.Sequence+1, e.Sequence == 0
	event.Time = event.Time.UTC() // or else it would be read as of this node's zone
	changed := e.clone()
	changed.State, changed.Since, changed.Sequence, changed.LastEvent = event.To, event.Time, event.Sequence, event.ID
	b.put(changed)
	b.attendedTo(e.LastEvent)
	b.events.Insert(numberKey(event.ID), event)
	b.eventCount++
	b.next.lastEvent = event.ID
	if !event.Baseline {
		b.awaiting.Insert([]byte(e.Key), event.ID)
	}
	b.trimEvents()
	return true, nil
}

// trimEvents forgets the oldest events, with their outcomes, beyond the number
// that the settings keep.
func (b *builder) trimEvents() {
	for b.eventCount > b.next.settings.EventsKept {
		oldest, event, ok := b.events.Root().Minimum()
		if !ok {
			return
		}
		b.events.Delete(oldest)
		b.eventCount--
		b.next.lastForgotten = event.ID
		b.forgetOutcomes(oldest)
		if id, ok := b.awaiting.Get([]byte(event.Key)); ok && id == event.ID {
			b.awaiting.Delete([]byte(event.Key))
		}
	}
}

func (b *builder) forgetOutcomes(event []byte) {
	for _, key := range keysUnder(b.outcomes, event) {
		b.outcomes.Delete(key)
		b.retries.Delete(key)
		b.unattended.Delete(key)
	}
}

func (b *builder) outcome(o Outcome) (bool, *Refusal) {
	event, ok := b.events.Get(numberKey(o.Event))
	if !ok {
		return false, refuse(NotFound, "event %d is not kept, so its outcome on node %q is of no use any more: drop it", o.Event, o.Node)
	}
	o.RetryAsked, o.Ack = 0, nil
	if old, ok := b.outcomes.Get(outcomeKey(o.Event, o.Node)); ok {
		if !o.outweighs(old) {
			return false, nil
		}
		o.RetryAsked = old.RetryAsked
	}
	o.Time = o.Time.UTC()
	b.keepOutcome(event, &o)
	return true, nil
}

package quorum

import (
	"context"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/hold"
)

// doubtPause is how soon an endpoint is looked at again about which ballots
// that do not count would decide. Such a ballot may come to count without a
// verdict in it changed: a silent node is heard again, a new leader hears for
// the first time from an old one, this node catches up with the log.
const doubtPause = 100 * time.Millisecond

// term is what a Loop knows while it runs. One goroutine owns it; proposals
// run beside it and come back through answers.
type term struct {
	*Loop
	number uint64
	since  time.Time

	view     *fsm.View // the one that everything below was derived from
	roster   roster
	reported uint64 // id of the newest event that was looked at for the observer
	changes  *gossipdb.Changes
	timer    *time.Timer // armed only while there are alarms

	due    *queue
	alarms *alarms

	// inFlight has the keys of endpoints that a proposal is under way for. They
	// are not looked at until it is answered, and then they are.
	inFlight map[string]health.Status // what they are to become
	// held is of slots whose change is agreed and held back.
	held map[uint32]heldBack
	// braked says that the brake held back whatever was about to be DOWN when
	// the last look ended.
	braked    bool
	book      hold.Book
	answers   chan answer // as large as there can be proposals: none ever blocks
	proposals sync.WaitGroup

	votes []fsm.Vote // used again for each endpoint
}

func newTerm(l *Loop, number uint64, since time.Time) *term {
	// Subscribed first, so that nothing between it and the first look is lost.
	changes := l.Ballots.Subscribe()
	view := l.Machine.View()
	timer := time.NewTimer(0)
	timer.Stop()
	t := &term{
		Loop: l, number: number, since: since,
		view: view, roster: rosterOf(view), reported: view.LastEvent(), changes: changes, timer: timer,
		due: newQueue(), alarms: newAlarms(),
		inFlight: make(map[string]health.Status), held: make(map[uint32]heldBack), answers: make(chan answer, maxInFlight),
	}
	t.warnOfUnreadable(&fsm.Holds{})
	return t
}

// close waits for the proposals, whose context has ended.
func (t *term) close() {
	t.proposals.Wait()
	t.follow() // for the log: some may just have been committed
	t.timer.Stop()
	t.changes.Close()
}

// lookAtAll makes every endpoint due.
func (t *term) lookAtAll() {
	for e := range t.view.Endpoints("") {
		t.due.push(e.Slot)
	}
}

// follow goes on to the newest View.
func (t *term) follow() {
	before := t.view
	t.view = t.Machine.View()
	if t.view == before {
		return
	}
	t.reportEvents()
	t.warnOfUnreadable(before.Holds())
	if !t.roster.isOf(t.view) || t.view.Holds() != before.Holds() {
		// N, or which ballots count, is another now; or what is held back.
		t.roster = rosterOf(t.view)
		t.lookAtAll()
		return
	}
	changed := t.view.ChangesSince(before.Index())
	if changed.Everything {
		t.lookAtAll()
		return
	}
	for _, e := range changed.Modified {
		t.due.push(e.Slot)
		if e.LastEvent > before.Index() || e.Configured > before.Index() {
			t.wakeBelow(e.Key)
		}
	}
	for _, key := range changed.Deleted {
		t.wakeBelow(key)
	}
}

// count takes over what changed in the ballots.
func (t *term) count() {
	slots, all := t.changes.Take()
	if all {
		t.lookAtAll()
		return
	}
	for _, slot := range slots {
		t.due.push(slot)
	}
}

// arm makes the timer go off with the first alarm.
func (t *term) arm() {
	if at, ok := t.alarms.next(); ok {
		t.timer.Reset(time.Until(at))
	} else {
		t.timer.Stop()
	}
}

// ring makes due what an alarm was set for.
func (t *term) ring() {
	now := time.Now()
	for slot, ok := t.alarms.pop(now); ok; slot, ok = t.alarms.pop(now) {
		t.due.push(slot)
	}
}

// work looks at what is due, as long as there is room for proposals. What is
// left stays due, to be decided afresh when there is room again.
func (t *term) work(ctx context.Context) {
	// The ballots are read before the clock, so that none is from the future,
	// and after the standstill was looked for, which may make them older.
	awake := t.Awake()
	table := t.Ballots.Table()
	at := Moment{Now: time.Now(), Since: t.since, Awake: awake, TTL: t.view.Settings().BallotTTL()}
	at.Holds = t.book.At(t.view.Holds(), at.Now)
	at.Falling = t.falling()
	if t.braked && !t.brakes(at.Falling) {
		t.wakeHeld()
	}
	defer func() { t.braked = t.brakes(at.Falling) }()
	for len(t.inFlight) < maxInFlight && ctx.Err() == nil {
		slot, ok := t.due.pop()
		if !ok {
			return
		}
		e, ok := t.view.EndpointAt(slot)
		if !ok {
			t.rest(slot)
			continue
		}
		if _, underWay := t.inFlight[e.Key]; underWay {
			continue
		}
		q := t.roster.ask(t.votes, t.view, table, e, at)
		t.votes = q.Votes
		t.act(ctx, e, q, at, table)
		if t.inFlight[e.Key] == health.Down {
			at.Falling++
		}
	}
}

// act does what the answer to q asks for.
func (t *term) act(ctx context.Context, e *fsm.Endpoint, q Question, at Moment, table *gossipdb.Table) {
	a := q.decide()
	falls := false
	if a.Change && a.To == health.Down {
		a.HeldBy = hold.ParentsThat(t.view, e, func(parent *fsm.Endpoint) bool { return t.falls(parent, at, table) })
		falls = len(a.HeldBy) > 0
		a.Change = !falls
	}
	switch {
	case len(a.HeldBy) > 0:
		t.holdBack(e, a, falls, at.Now)
	case a.Change:
		t.rest(e.Slot)
		t.propose(ctx, e, q, a.To)
	case q.doubtful():
		t.alarms.set(e.Slot, at.Now.Add(doubtPause))
	default:
		t.rest(e.Slot)
	}
}

// rest leaves a slot alone until something of it changes.
func (t *term) rest(slot uint32) {
	t.alarms.clear(slot)
	delete(t.held, slot)
}

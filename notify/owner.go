package notify

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/pqueue"
)

// owner is the state of a Notifier that runs. Only the goroutine of Run touches
// it; scripts and reports answer through ends and reports.
type owner struct {
	*Notifier
	work    context.Context // of scripts and reports
	workers sync.WaitGroup
	ends    *ends
	reports chan reportEnd // has a place for the one report that may run

	now            time.Time // of this turn
	view           *fsm.View // of this turn, nil before the first
	cursor, origin uint64

	open  map[uint64]*notification // by event
	lanes map[string]lane          // by key
	// unseen are those whose events the replicated state has not shown yet.
	unseen map[uint64]*notification
	// Queues hold only notifications that have not ended. One may have moved on
	// otherwise: whoever takes it out looks whether it is still so.
	ready  pqueue.Queue[*notification] // may start, by event
	pauses pqueue.Queue[*notification] // by the end of the pause
	ages   pqueue.Queue[*notification] // by since

	outbox    outbox
	reporting bool
	reportAt  time.Time // not before
	unheard   int       // reports that failed in a row

	pending ledgerChanges
	trouble *trouble // nil while the ledger can be written

	takeOverAt time.Time // when to look at the latest
	lookedAt   time.Time // when it looked last
	// awaiting is since when this node, as the leader, has seen an event await
	// its leader's run. There is one for an endpoint at most.
	awaiting map[uint64]time.Time

	acted map[string]Acted // what was done last about each endpoint, by key
	// doubt: the ledger was found not to tell all that this node has done, and
	// the events were not yet looked at with that in mind.
	doubt bool

	flights  map[*notification]*flight // the runs that have not come back
	overdue  int                       // of them
	stopping bool
	shortage string // why no script can be started, "" if they can
	// See Status.
	gaps, missed, madeUp, dropped uint64
}

type runEnd struct {
	of    *notification
	ended attempt
}

func newOwner(n *Notifier, work context.Context) *owner {
	o := &owner{
		Notifier: n, work: work,
		ends: newEnds(), reports: make(chan reportEnd, 1),
		now: time.Now(), cursor: n.loaded.Cursor, origin: n.loaded.Origin,
		open: make(map[uint64]*notification), lanes: make(map[string]lane), unseen: make(map[uint64]*notification),
		ready:  pqueue.New(func(a, b *notification) bool { return a.Event < b.Event }, func(n *notification) *int { return &n.places.ready }),
		pauses: pqueue.New(func(a, b *notification) bool { return a.until.Before(b.until) }, func(n *notification) *int { return &n.places.pauses }),
		ages:   pqueue.New(func(a, b *notification) bool { return a.since.Before(b.since) }, func(n *notification) *int { return &n.places.ages }),
		outbox: newOutbox(n.config.Node), acted: n.loaded.Acted, flights: make(map[*notification]*flight),
		pending: newLedgerChanges(),
	}
	for _, e := range n.loaded.Entries {
		o.enter(newNotification(e))
	}
	for _, outcome := range sortedOutcomes(n.loaded.Outbox) {
		o.outbox.put(outcome)
	}
	o.begin(n.config.Machine.View(), n.loaded.Epoch)
	n.loaded = Record{} // it has moved on
	return o
}

func sortedOutcomes(m map[uint64]fsm.Outcome) []fsm.Outcome {
	var all []fsm.Outcome
	for _, o := range m {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b fsm.Outcome) int { return cmp.Compare(a.Event, b.Event) })
	return all
}

// turn brings everything as far as it can be brought now, with at most one
// write of the ledger.
func (o *owner) turn() {
	o.now = time.Now()
	o.heedChange()
	before := o.view
	o.view = o.config.Machine.View()
	o.settleRuns()
	o.noteOverdue()
	o.settleReports()
	if o.trouble == nil && !o.stopping {
		// While the ledger can't be written nothing more is taken in: the
		// events are safe where they are.
		o.follow()
		o.heedRetries()
	}
	if before == nil {
		o.heedChanges(0)
	} else if o.view != before {
		o.heedChanges(before.Index())
	}
	o.clearOutbox()
	var launches []launch
	if o.trouble == nil && !o.stopping {
		o.endPauses()
		o.takeOver()
		launches = o.chooseLaunches()
	}
	if o.write(launches) {
		o.launch(o.stillDue(launches))
		o.report()
	}
	o.publish()
}

// wait returns when there may be something to do.
func (o *owner) wait(stop <-chan struct{}, viewChanged, led <-chan struct{}) {
	timer := time.NewTimer(o.untilNext())
	defer timer.Stop()
	select {
	case <-stop:
	case <-viewChanged:
		o.takeOverSoon()
	case <-led:
		o.takeOverAt, o.reportAt = time.Time{}, time.Time{}
	case <-o.ends.some: // turn takes them
		o.takeOverSoon()
	case <-o.changed: // turn heeds it
	case end := <-o.reports:
		o.reports <- end
	case <-timer.C:
	}
}

// untilNext returns how long nothing is to be done if nothing happens.
func (o *owner) untilNext() time.Duration {
	next := o.now.Add(time.Minute)
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	for _, f := range o.flights {
		if !f.overdue {
			sooner(f.overdueAt)
		}
	}
	if len(o.outbox.sent) > 0 {
		sooner(o.outbox.sent[0].sentAt.Add(confirmWithin))
	}
	if o.trouble != nil {
		sooner(o.trouble.retryAt)
		return max(time.Until(next), 0) // nothing else goes on before
	}
	if o.pending.soft {
		sooner(o.pending.flushAt)
	}
	if o.mayReport() && len(o.outbox.unsent) > 0 {
		sooner(o.reportAt)
	}
	if !o.stopping {
		sooner(o.takeOverAt)
		if o.pauses.Len() > 0 {
			sooner(o.pauses.Top().until)
		}
	}
	return max(time.Until(next), 0)
}

// lastWordsGrace is how long a stop waits for outcomes to be reported when no
// script runs any more. What is not reported is on disk, and is after the start.
const lastWordsGrace = time.Second

// stop lets what runs come to its end, for as long as StopGrace allows, and
// then ends it. What was cut short stays started in the ledger and is run again
// after the next start.
func (o *owner) stop(cut context.CancelFunc) error {
	o.stopping = true
	grace, release := context.WithTimeout(context.Background(), max(0, o.config.StopGrace))
	defer release()
	for lastWords := false; grace.Err() == nil; {
		o.turn()
		reported := len(o.outbox.unsent) == 0 || !o.mayReport() || o.trouble != nil
		if len(o.flights) == 0 && !o.reporting && reported {
			break
		}
		if len(o.flights) == 0 && !lastWords {
			lastWords = true
			grace, release = context.WithTimeout(grace, lastWordsGrace)
			defer release()
		}
		o.wait(grace.Done(), o.view.Superseded(), nil)
	}
	cut()
	o.workers.Wait()
	o.now = time.Now()
	o.settleRuns()
	o.settleReports()
	err := o.lastWrite()
	o.publish()
	return err
}

// publish tells Status.
func (o *owner) publish() {
	s := Status{
		Cursor: o.cursor, Waiting: len(o.open) - len(o.flights), Running: len(o.flights), Overdue: o.overdue, Unreported: len(o.outbox.letters),
		Gaps: o.gaps, Missed: o.missed, MadeUp: o.madeUp, Dropped: o.dropped,
	}
	if o.ages.Len() > 0 {
		s.Oldest = o.ages.Top().since
	}
	if len(o.open) == 0 {
		o.shortage = "" // nothing is left that could show that it is over
	}
	s.Stuck = o.standstill()
	o.published.Store(&s)
}

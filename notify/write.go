package notify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/fsm"
)

// ledgerChanges is what the ledger does not hold yet. Later changes of the same
// event take the place of earlier ones.
type ledgerChanges struct {
	entries map[uint64]*Entry
	outbox  map[uint64]*fsm.Outcome
	acted   map[string]*Acted
	// urgent changes are written in this turn. Soft ones can be found out
	// again after a crash, and wait for company, until flushAt at the latest.
	urgent  bool
	soft    bool
	flushAt time.Time
}

// softDelay is how long soft changes wait.
const softDelay = 5 * time.Second

func newLedgerChanges() ledgerChanges {
	return ledgerChanges{entries: make(map[uint64]*Entry), outbox: make(map[uint64]*fsm.Outcome), acted: make(map[string]*Acted)}
}

// entry has the ledger hold n as it is now.
func (c *ledgerChanges) entry(n *notification) {
	e := n.Entry
	c.entries[n.Event], c.urgent = &e, true
}

func (c *ledgerChanges) noEntry(event uint64) { c.entries[event], c.urgent = nil, true }

func (c *ledgerChanges) outcome(o fsm.Outcome) { c.outbox[o.Event], c.urgent = &o, true }

// did has the ledger hold what was done last about an endpoint. It is soft: by
// itself it only follows from an event that passed, which the cursor does too.
func (c *ledgerChanges) did(a Acted, now time.Time) {
	c.acted[a.Key] = &a
	c.delay(now)
}

// notDid is soft: that the endpoint is gone is found out again.
func (c *ledgerChanges) notDid(key string, now time.Time) {
	c.acted[key] = nil
	c.delay(now)
}

// noOutcome is soft: the replicated state tells again what it has told.
func (c *ledgerChanges) noOutcome(event uint64, now time.Time) {
	c.outbox[event] = nil
	c.delay(now)
}

// delay notes that something soft has changed.
func (c *ledgerChanges) delay(now time.Time) {
	if !c.soft {
		c.soft, c.flushAt = true, now.Add(softDelay)
	}
}

// batch returns c and launches as one batch.
func (c *ledgerChanges) batch(cursor, origin, epoch uint64, launches []launch) Batch {
	b := newBatch(cursor, origin, epoch)
	maps.Copy(b.Entries, c.entries)
	maps.Copy(b.Outbox, c.outbox)
	maps.Copy(b.Acted, c.acted)
	for _, l := range launches {
		b.Entries[l.n.Event] = &l.entry
	}
	return b
}

// trouble is the time in which the ledger can't be written.
type trouble struct {
	since   time.Time
	err     error
	pause   time.Duration
	retryAt time.Time
}

const (
	firstWritePause = time.Second
	maxWritePause   = 30 * time.Second
)

// String is what Status says.
func (t *trouble) String() string {
	return fmt.Sprintf("no notification is started because the ledger can't be written: %v", t.err)
}

// write brings to the ledger what it does not hold yet, and launches as started
// with it. It returns whether the ledger holds everything that must be held
// before scripts are started and outcomes reported.
func (o *owner) write(launches []launch) bool {
	if o.trouble != nil && o.now.Before(o.trouble.retryAt) {
		return false
	}
	due := o.pending.urgent || len(launches) > 0 || o.trouble != nil || o.pending.soft && !o.now.Before(o.pending.flushAt)
	if !due {
		return true
	}
	err := o.writeBatch(o.pending.batch(o.cursor, o.origin, o.config.Start, launches))
	if err != nil {
		o.troubled(err)
		o.takeBack(launches)
		return false
	}
	o.pending = newLedgerChanges()
	if o.trouble != nil {
		o.log.Info("the ledger can be written again: notifications go on", "after", o.now.Sub(o.trouble.since))
		o.trouble = nil
		o.takeOverAt = o.now // and a turn right now, for all that was left
	}
	return true
}

func (o *owner) writeBatch(b Batch) error {
	b.Node, b.Cluster = o.config.Node, o.config.Cluster
	o.writing.Store(new(time.Now()))
	defer o.writing.Store(nil)
	return o.config.Ledger.Write(b)
}

// troubled notes that the ledger can't be written.
func (o *owner) troubled(err error) {
	if o.trouble == nil {
		o.trouble = &trouble{since: o.now, pause: firstWritePause}
		o.log.Error("notifications are held back: the ledger can't be written", "err", err)
	}
	t := o.trouble
	t.err, t.retryAt = err, o.now.Add(t.pause)
	t.pause = min(2*t.pause, maxWritePause)
}

// takeBack puts launches back in line. Nobody knows whether the ledger holds
// them as started now; the next write says that they are not.
func (o *owner) takeBack(launches []launch) {
	for _, l := range launches {
		o.pending.entry(l.n)
		o.ready.Push(l.n)
	}
}

// stillDue returns those of launches that are to be started now that the ledger
// holds them, and takes back the others: on a slow disk that took a while, and by
// now the endpoint may be gone, or have a newer event. One that was cut short is
// run again whatever came after it, unless its endpoint is gone.
func (o *owner) stillDue(launches []launch) []launch {
	view := o.config.Machine.View() // a newer one than that of this turn; the next turn looks at all of it
	return slices.DeleteFunc(launches, func(l launch) bool {
		e, there := view.Endpoint(l.n.Key)
		gone := !there || e.Generation != l.n.event.Generation
		newer := there && e.LastEvent > l.n.Event && l.n.phase != interrupted
		if gone || newer {
			o.takeBack([]launch{l})
		}
		return gone || newer
	})
}

// lastWrite brings to the ledger what it does not hold yet, on the way out.
func (o *owner) lastWrite() error {
	if !o.pending.urgent && !o.pending.soft {
		return nil
	}
	if err := o.writeBatch(o.pending.batch(o.cursor, o.origin, o.config.Start, nil)); err != nil {
		return fmt.Errorf("stop the notifier: what ended last is not in the ledger and will be run again: %w", err)
	}
	o.pending = newLedgerChanges()
	return nil
}

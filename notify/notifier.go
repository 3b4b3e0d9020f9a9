package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Notifier delivers the events of one node. Make it with New.
type Notifier struct {
	config Config
	log    *slog.Logger
	loaded Record

	started   atomic.Bool
	led       chan struct{} // capacity 1: leadership changed since it was looked at
	change    atomic.Pointer[Change]
	changed   chan struct{} // capacity 1: change was set since it was looked at
	published atomic.Pointer[Status]
	book      book
	// writing is since when the ledger has been busy with a write, nil if it
	// is not.
	writing atomic.Pointer[time.Time]
}

// New reads the ledger and returns a Notifier that goes on from there. It
// starts nothing. A ledger that is not this node's in this cluster is refused.
func New(config Config) (*Notifier, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	record, err := config.Ledger.Load()
	if err != nil {
		return nil, fmt.Errorf("read the notifier's ledger: %w", err)
	}
	if err := record.validFor(config); err != nil {
		return nil, err
	}
	n := &Notifier{config: config, log: config.Logger, loaded: record, led: make(chan struct{}, 1), changed: make(chan struct{}, 1)}
	n.published.Store(&Status{Cursor: record.Cursor, Waiting: len(record.Entries), Unreported: len(record.Outbox)})
	return n, nil
}

// Run delivers notifications until ctx has ended and the scripts that run are
// done, or have been ended because StopGrace was over. It may be called once.
// Its error says what could not be written to the ledger on the way out; nil is
// an orderly stop.
func (n *Notifier) Run(ctx context.Context) error {
	if n.started.Swap(true) {
		return errors.New("the notifier was run before: make a new one")
	}
	// What is under way outlives ctx by StopGrace at most.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	o := newOwner(n, work)
	defer o.workers.Wait()
	defer cut() // before the wait
	for ctx.Err() == nil {
		o.turn()
		o.wait(ctx.Done(), o.view.Superseded(), n.led)
	}
	return o.stop(cut)
}

// LeadershipChanged has the Notifier look at once at what depends on who leads.
// It never blocks.
func (n *Notifier) LeadershipChanged() {
	select {
	case n.led <- struct{}{}:
	default: // it will look anyway
	}
}

// Status is how far a Notifier has come.
type Status struct {
	// Cursor is the last event that was taken in; Head the last there is.
	Cursor uint64 `json:"cursor"`
	Head   uint64 `json:"head"`
	// Running counts the scripts that run, and Overdue those of them that have
	// not come back long after their deadline, though they were killed; Waiting
	// the notifications that have not ended otherwise, between two attempts
	// too.
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	Overdue int `json:"overdue"`
	// Unreported counts the outcomes that the cluster does not show yet.
	Unreported int `json:"unreported"`
	// Oldest is when this node got to know the oldest event whose
	// notification has not ended, zero if all have.
	Oldest time.Time `json:"oldest,omitzero"`
	// Gaps counts the times that events were found to be out of reach, since
	// the start: see the log for which. Missed counts the events that are known
	// to have passed by so, and MadeUp the notifications that were run in their
	// place though the event itself is kept no more.
	Gaps   uint64 `json:"gaps"`
	Missed uint64 `json:"missed"`
	MadeUp uint64 `json:"made_up"`
	// Dropped counts outcomes that could not be reported, because the cluster
	// had forgotten their events or refused them: the log has them.
	Dropped uint64 `json:"dropped"`
	// Stuck says why notifications stand still, all or some of them, though
	// nothing is wrong with their scripts' answers; "" if none does.
	Stuck string `json:"stuck,omitempty"`
}

// stuckAfter is how long a write of the ledger may take before it counts as
// stuck.
const stuckAfter = 5 * time.Second

// Status returns how far n has come. It takes no lock and may be called at any
// time, also while the disk hangs.
func (n *Notifier) Status() Status {
	s := *n.published.Load()
	s.Head = n.config.Machine.View().LastEvent()
	if since := n.writing.Load(); since != nil && s.Stuck == "" {
		if busy := time.Since(*since); busy >= stuckAfter {
			s.Stuck = fmt.Sprintf("the ledger has not finished a write for %v: look at the disk", busy.Round(time.Second))
		}
	}
	return s
}

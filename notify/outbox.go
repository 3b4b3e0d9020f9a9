package notify

import (
	"slices"
	"time"

	"tocsin/fsm"
)

const (
	// maxReport is the most outcomes in one report.
	maxReport = 64
	// confirmWithin is how long an acknowledged outcome may take to appear in
	// this node's copy of the replicated state before it is reported again.
	confirmWithin = 30 * time.Second
)

// outbox holds the outcomes that the replicated state does not yet show. That
// the cluster acknowledged a report is not enough: until this node sees the
// outcome itself it would take its own event for one that nobody has run.
type outbox struct {
	node    string
	letters map[uint64]*letter // by event
	unsent  []*letter          // may hold letters that were replaced
	sent    []*letter          // oldest first; likewise
}

type letter struct {
	outcome fsm.Outcome
	sentAt  time.Time
}

func newOutbox(node string) outbox { return outbox{node: node, letters: make(map[uint64]*letter)} }

// put adds an outcome, in the place of an earlier one of the same event.
func (b *outbox) put(o fsm.Outcome) {
	l := &letter{outcome: o}
	b.letters[o.Event] = l
	b.unsent = append(b.unsent, l)
}

// take returns the letters to report next. They are neither unsent nor sent
// until one of delivered and failed is called.
func (b *outbox) take() []*letter {
	b.unsent = slices.DeleteFunc(b.unsent, b.replaced)
	n := min(len(b.unsent), maxReport)
	letters := slices.Clone(b.unsent[:n])
	b.unsent = b.unsent[n:]
	return letters
}

func (b *outbox) replaced(l *letter) bool { return b.letters[l.outcome.Event] != l }

// delivered notes that the cluster acknowledged letters.
func (b *outbox) delivered(letters []*letter, now time.Time) {
	for _, l := range letters {
		l.sentAt = now
	}
	b.sent = append(b.sent, letters...)
}

// failed notes that letters have to be reported again.
func (b *outbox) failed(letters []*letter) { b.unsent = append(letters, b.unsent...) }

// settle removes what view shows, and what it can't show any more because it no
// longer keeps the event. It returns the events of both.
func (b *outbox) settle(view *fsm.View, now time.Time) (shown, dropped []uint64) {
	done := func(l *letter) bool {
		if b.replaced(l) {
			return true
		}
		event := l.outcome.Event
		if have, ok := view.Outcome(event, b.node); ok && have.Attempt >= l.outcome.Attempt {
			shown = append(shown, event)
		} else if _, kept := view.Event(event); !kept && view.Index() >= event {
			dropped = append(dropped, event)
		} else {
			return false
		}
		delete(b.letters, event)
		return true
	}
	b.sent = slices.DeleteFunc(b.sent, done)
	for len(b.sent) > 0 && now.Sub(b.sent[0].sentAt) >= confirmWithin {
		b.unsent = append(b.unsent, b.sent[0])
		b.sent = b.sent[1:]
	}
	// Only the next ones to go: the whole of a long queue would be looked at
	// again and again.
	n := min(len(b.unsent), maxReport)
	b.unsent = append(slices.DeleteFunc(b.unsent[:n:n], done), b.unsent[n:]...)
	return shown, dropped
}

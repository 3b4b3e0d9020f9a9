package notify

import (
	"cmp"
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
	// maxRefusals is how often in a row an outcome is refused before that is
	// taken for the last word. A leader that is new may have yet to apply what
	// makes the outcome fit.
	maxRefusals = 3
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
	outcome  fsm.Outcome
	sentAt   time.Time
	refusals int // in a row
}

func newOutbox(node string) outbox { return outbox{node: node, letters: make(map[uint64]*letter)} }

// put adds an outcome, in the place of an earlier one of the same event.
func (b *outbox) put(o fsm.Outcome) {
	l := &letter{outcome: o}
	b.letters[o.Event] = l
	b.unsent = append(b.unsent, l)
}

// take returns the letters to report next. They are neither unsent nor sent
// until one of answered and failed is called.
func (b *outbox) take() []*letter {
	var letters []*letter
	for len(letters) < maxReport && len(b.unsent) > 0 {
		if next := b.unsent[0]; !b.replaced(next) {
			letters = append(letters, next)
		}
		b.unsent[0] = nil // let go of it
		b.unsent = b.unsent[1:]
	}
	return letters
}

func (b *outbox) replaced(l *letter) bool { return b.letters[l.outcome.Event] != l }

// answered notes what the cluster said of letters: refusals has an answer for
// each, or is nil. It returns those that were refused once too often, which b
// holds no more, and why the first of them was.
func (b *outbox) answered(letters []*letter, refusals []*fsm.Refusal, now time.Time) (dropped []uint64, why *fsm.Refusal) {
	for i, l := range letters {
		if b.replaced(l) {
			continue
		}
		var refused *fsm.Refusal
		if i < len(refusals) {
			refused = refusals[i]
		}
		l.refusals++
		if refused == nil {
			l.refusals = 0
		}
		if l.refusals == maxRefusals {
			delete(b.letters, l.outcome.Event)
			dropped, why = append(dropped, l.outcome.Event), cmp.Or(why, refused)
			continue
		}
		l.sentAt = now // if it was refused, it will never be shown and so be sent again
		b.sent = append(b.sent, l)
	}
	return dropped, why
}

// covers reports whether what the state has of a notification says as much as
// what is to be reported, or more.
func covers(have, report *fsm.Outcome) bool {
	return have.Retry > report.Retry || have.Retry == report.Retry && have.Attempt >= report.Attempt
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
		if have, ok := view.Outcome(event, b.node); ok && covers(have, &l.outcome) {
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
	kept := slices.DeleteFunc(slices.Clone(b.unsent[:n]), done)
	clear(b.unsent[:n-len(kept)])
	b.unsent = b.unsent[n-len(kept):]
	copy(b.unsent, kept)
	return shown, dropped
}

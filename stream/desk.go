package stream

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/pqueue"
)

// The bounds of what one process may do.
const (
	// most is how many questions may be under way.
	most = 4096
	// maxStrays is how many lines in a row may answer nothing that was asked, or
	// nothing any more.
	maxStrays = 1000
	// maxStrikes is how many deadlines, each of a question asked after the one
	// before had passed, may go by without a line that answers anything; it has
	// as long as patience all the same, to start or to do something large.
	maxStrikes = 3
	patience   = 10 * time.Second
)

// ErrLate says that no answer has come before the deadline.
var ErrLate = errors.New("no answer in time")

// errFull says that there are too many questions.
var errFull = fmt.Errorf("%d checks wait for its answers already", most)

// question is a Question under way. Exactly one outcome is sent to reply.
type question struct {
	Question
	since time.Time      // when it came
	reply chan<- outcome // has a place for it

	id    uint64 // 0 until it is asked
	place int    // in desk.due; 0 when it is answered
}

type outcome struct {
	answer Answer
	err    error
}

// desk holds what one process is to be asked, and what it was asked and has not
// answered. It is data without a clock: whoever owns it says what time it is.
type desk struct {
	waiting []*question          // to be asked, oldest first; some are answered already
	asked   map[uint64]*question // by id
	due     pqueue.Queue[*question]
	overdue map[uint64]struct{} // ids of those whose deadline passed first, and that may be answered yet
	lastID  uint64
	line    []byte // the line that asks the first of waiting; nil if it isn't made yet

	strays    int    // in a row
	lastStray string // the last line that named no question
	strikes   int    // in a row
	struck    time.Time
	lively    time.Time // when it last answered something, or began
}

func newDesk(now time.Time) *desk {
	sooner := func(a, b *question) bool { return a.due().Before(b.due()) }
	return &desk{lively: now, asked: map[uint64]*question{}, overdue: map[uint64]struct{}{}, due: pqueue.New(sooner, func(q *question) *int { return &q.place })}
}

// empty reports whether nobody waits for an answer.
func (d *desk) empty() bool { return d.due.Len() == 0 }

// nextDue returns the next deadline, the zero time if nothing is under way.
func (d *desk) nextDue() time.Time {
	if d.empty() {
		return time.Time{}
	}
	return d.due.Top().due()
}

// accept takes q in, or answers it with errFull.
func (d *desk) accept(q *question) {
	if d.due.Len() >= most {
		q.reply <- outcome{err: errFull}
		return
	}
	if len(d.waiting) >= 2*most { // the script reads nothing, and most are answered
		d.waiting = slices.DeleteFunc(d.waiting, (*question).answered)
		d.line = nil
	}
	d.due.Push(q)
	d.waiting = append(d.waiting, q)
}

// next returns the line that asks the question to be asked next, nil if there is
// none. Asked tells that it has been said.
func (d *desk) next() []byte {
	for len(d.waiting) > 0 && d.waiting[0].answered() {
		d.waiting, d.line = d.waiting[1:], nil
	}
	if len(d.waiting) > 0 && d.line == nil {
		d.line = encode(d.lastID+1, d.waiting[0].Question)
	}
	return d.line
}

func (d *desk) said() {
	d.lastID++
	q := d.waiting[0]
	q.id = d.lastID
	d.asked[q.id] = q
	d.waiting[0] = nil
	d.waiting, d.line = d.waiting[1:], nil
}

// line is what a line of a script is.
type line uint8

const (
	// answer is one that was waited for.
	answer line = iota
	// late is one that nobody waits for any more. It is no babble, and no sign of
	// life either: a script that has fallen behind, and works through what is past,
	// is of use again only when it is started anew.
	late
	// stray is one that answers nothing that was asked, or what is answered.
	stray
)

// hear takes in what the script has said, and reports why the process is to be
// ended, if it is.
func (d *desk) hear(r reply, now time.Time) (line, error) {
	if q := d.asked[r.id]; q != nil {
		d.strays, d.strikes, d.lively = 0, 0, now
		d.answer(q, outcome{r.answer, r.fault})
		return answer, nil
	}
	if _, was := d.overdue[r.id]; was {
		delete(d.overdue, r.id)
		return late, nil
	}
	if r.id == 0 {
		d.lastStray = r.text
	}
	if d.strays++; d.strays < maxStrays {
		return stray, nil
	}
	return stray, fmt.Errorf("it printed %d lines in a row that answer no check%s", maxStrays, d.strayWords())
}

// expire answers the questions whose deadline has passed, and reports why the
// process is to be ended, if it is.
func (d *desk) expire(now time.Time) (err error) {
	for !d.empty() && !d.nextDue().After(now) {
		q := d.due.Top()
		// Many deadlines may pass together, while the script does one thing too
		// long. It is silent only if that goes on.
		if !q.since.Before(d.struck) {
			d.strikes++
			d.struck = now
		}
		d.miss(q)
	}
	if silence := now.Sub(d.lively); d.strikes >= maxStrikes && silence >= patience {
		return fmt.Errorf("it has answered nothing in time for %v%s", silence.Round(time.Second), d.strayWords())
	}
	return nil
}

// miss answers q, whose deadline has passed.
func (d *desk) miss(q *question) {
	if q.id != 0 {
		if len(d.overdue) >= most { // it answers none of them: they are not waited for
			clear(d.overdue)
		}
		d.overdue[q.id] = struct{}{}
	}
	d.answer(q, outcome{err: ErrLate})
}

// dismiss answers all that is under way with err.
func (d *desk) dismiss(err error) {
	for !d.empty() {
		d.answer(d.due.Top(), outcome{err: err})
	}
}

func (d *desk) answer(q *question, o outcome) {
	d.due.Remove(q)
	delete(d.asked, q.id)
	q.reply <- o
}

// due returns the deadline of q.
func (q *question) due() time.Time { return q.since.Add(q.Timeout) }

// answered reports whether q, which was accepted, has had its outcome.
func (q *question) answered() bool { return q.place == 0 }

// strayWords shows a line that was no answer, to be put behind what we say.
func (d *desk) strayWords() string {
	if d.lastStray == "" {
		return ""
	}
	return fmt.Sprintf("; it printed %q", d.lastStray)
}

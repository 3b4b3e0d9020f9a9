package doubt

import (
	"fmt"
	"time"
)

// Facts is what a node knows about itself at one moment. The zero Facts are
// those of a node that has no reason to doubt anything.
type Facts struct {
	Now time.Time // monotonic

	// Standstill is the newest one. Renewed says that since then the verdicts
	// of before were forgotten; Open is how many endpoints have no verdict
	// again yet, and Patience how long they may take.
	Standstill Standstill
	Renewed    bool
	Open       int
	Patience   time.Duration

	// Canaries is how many there are. Silent says that none of them answers,
	// and that this is no accident any more.
	Canaries int
	Silent   bool

	// Observers is how many there are in the cluster, 0 if this node is none,
	// and Heard how many of them have a fresh ballot here, this node included.
	// Refresh is how often ballots are repeated.
	Observers, Heard int
	Refresh          time.Duration

	// Late is how long the check that is most overdue has been due, Interval
	// how often an endpoint is checked.
	Late, Interval time.Duration
}

// State is what a node thinks of itself. The zero State doubts nothing.
type State struct {
	reason    string
	cause     Cause
	recovered uint64 // number of the newest standstill that is over and done with
	cutOff    latch
	late      latch
}

// Reason says why the node has to abstain, "" if it does not. It is the same
// words for as long as the reason is the same.
func (s State) Reason() string { return s.reason }

// Cause is the kind of a reason.
type Cause string

// The causes, as the package comment tells them.
const (
	StoodStill Cause = "stood-still"
	NoCanary   Cause = "no-canary"
	CutOff     Cause = "cut-off"
	Late       Cause = "late"
)

// Causes returns all causes.
func Causes() []Cause { return []Cause{StoodStill, NoCanary, CutOff, Late} }

// Cause returns the kind of the reason, "" if there is none.
func (s State) Cause() Cause { return s.cause }

// CutOff reports whether the node is cut off, which another cause may hide.
func (s State) CutOff() bool { return s.cutOff.on }

// How far checks may be behind, where the interval is not longer.
const (
	leastLate     = 3 * time.Second // and the doubt begins
	leastOnTime   = time.Second     // and it ends
	lateForAWhile = time.Second
)

// After returns the State that follows from s and the facts of now. It is a
// pure function.
//
// A standstill is doubted at once, and until all endpoints have a verdict of
// afterwards; those that take longer than Patience have none, and vote UNKNOWN
// without holding up the others. Silent canaries have had their fall and rise.
// Being cut off begins when fewer than a majority were heard for two refresh
// intervals, and ends when a majority was heard for one: the least that any
// decision takes is a majority, whatever the quorum is set to. Late checks are
// a doubt when one has been due for more than three intervals, and no doubt any
// more when for an interval none was later than one.
func (s State) After(f Facts) State {
	if f.Standstill.Number > s.recovered && f.Renewed && (f.Open == 0 || f.Now.Sub(f.Standstill.Ended) >= f.Patience) {
		s.recovered = f.Standstill.Number
	}
	alone := f.Heard < majority(f.Observers)
	s.cutOff = s.cutOff.after(f.Now, alone, !alone, 2*f.Refresh, f.Refresh)
	s.late = s.late.after(f.Now, f.Late > tooLate(f.Interval), f.Late <= onTime(f.Interval), lateForAWhile, onTime(f.Interval))

	s.cause, s.reason = s.because(f)
	return s
}

// because says of what kind the reason is, and puts it into words. What explains the others comes first: a
// node that stood still hears nobody and is late.
func (s State) because(f Facts) (Cause, string) {
	switch {
	case f.Standstill.Number > s.recovered:
		return StoodStill, fmt.Sprintf("stood still for %v, checks all anew", f.Standstill.Lasted.Round(time.Second))
	case f.Silent && f.Canaries == 1:
		return NoCanary, "its canary does not answer"
	case f.Silent:
		return NoCanary, fmt.Sprintf("none of its %d canaries answers", f.Canaries)
	case s.cutOff.on:
		return CutOff, fmt.Sprintf("cut off: hears fewer than %d of %d nodes", majority(f.Observers), f.Observers)
	case s.late.on:
		return Late, fmt.Sprintf("its checks are more than %v late", tooLate(f.Interval))
	}
	return "", ""
}

// majority returns the least number of votes that decide anything.
func majority(observers int) int {
	if observers == 0 {
		return 0
	}
	return observers/2 + 1
}

func tooLate(interval time.Duration) time.Duration { return max(3*interval, leastLate) }

func onTime(interval time.Duration) time.Duration { return max(interval, leastOnTime) }

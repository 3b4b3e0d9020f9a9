package notify

import (
	"time"

	"tocsin/fsm"
)

// Result is what came of one run of a script.
type Result string

// The results.
const (
	RunSucceeded Result = "succeeded"
	RunFailed    Result = "failed"    // exit code 1, a signal, or no start
	RunTimedOut  Result = "timed-out" // it was ended at its deadline
	RunRefused   Result = "refused"   // exit code 2 and above
	RunUnstarted Result = "unstarted" // there was no room for one more process
	RunCutShort  Result = "cut-short" // this node ended it on its way out
)

// Results returns all results.
func Results() []Result {
	return []Result{RunSucceeded, RunFailed, RunTimedOut, RunRefused, RunUnstarted, RunCutShort}
}

// Observer hears of runs and endings. It is called from the goroutine of Run,
// which waits for it, so it has to be quick.
type Observer interface {
	// Started hears of the first run for an event, and how long after this node
	// had applied the event it began.
	Started(delay time.Duration)
	// Ran hears of each run that has come back.
	Ran(result Result, took time.Duration)
	// Ended hears of each notification that has ended.
	Ended(ending fsm.Ending)
	// Reported hears of each report of outcomes: nil if the cluster answered.
	Reported(err error)
}

// unobserved is the Observer where there is none.
type unobserved struct{}

func (unobserved) Started(time.Duration)     {}
func (unobserved) Ran(Result, time.Duration) {}
func (unobserved) Ended(fsm.Ending)          {}
func (unobserved) Reported(error)            {}

// result puts what is known of a run into a word.
func (a *attempt) result() Result {
	switch {
	case a.judgement == failed && a.timedOut:
		return RunTimedOut
	case a.judgement == failed:
		return RunFailed
	case a.judgement == refused:
		return RunRefused
	case a.judgement == unstarted:
		return RunUnstarted
	case a.judgement == cutShort:
		return RunCutShort
	}
	return RunSucceeded
}

package quorum

import (
	"time"

	"tocsin/fsm"
	"tocsin/hold"
)

// Result is what came of a proposal.
type Result string

// The results.
const (
	// Applied: the endpoint is what was proposed, by one more event.
	Applied Result = "applied"
	// Overtaken: the endpoint was changed, or deleted, before.
	Overtaken Result = "overtaken"
	// Failed: it came to nothing, or nobody knows yet.
	Failed Result = "failed"
)

// Results returns all results.
func Results() []Result { return []Result{Applied, Overtaken, Failed} }

// Observer hears what a Loop decides. It is called from the goroutine of Run,
// which waits for it, so it has to be quick.
type Observer interface {
	// Proposed hears how long it took from a decision to its answer.
	Proposed(result Result, took time.Duration)
	// Changed hears of each event that this Loop has brought about.
	Changed(event *fsm.Event)
	// HeldBack hears of a change that is agreed and that something holds back,
	// once for each kind, and again when others do.
	HeldBack(by hold.Kind)
}

// unobserved is the Observer where there is none.
type unobserved struct{}

func (unobserved) Proposed(Result, time.Duration) {}
func (unobserved) Changed(*fsm.Event)             {}
func (unobserved) HeldBack(hold.Kind)             {}

// resultOf tells from e, the endpoint as it is when the answer is there, what
// came of a proposal; e is nil if it is gone.
func resultOf(c fsm.Transition, e *fsm.Endpoint) Result {
	switch {
	case e == nil || e.Generation != c.Generation:
		return Overtaken
	case e.Sequence == c.Sequence+1 && e.State == c.To:
		return Applied
	case e.Sequence != c.Sequence || e.Revision != c.Revision:
		return Overtaken
	}
	return Failed
}

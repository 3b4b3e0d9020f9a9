package doubt

import (
	"context"
	"fmt"
	"time"

	"tocsin/health"
	"tocsin/verify"
)

// Guard returns checker with two doubts put before what it says. They come
// before any abstention, which takes several rounds of silent canaries: in the
// meantime no sample can have become a verdict that is not to be trusted.
//
//   - A check in the middle of which this process stood still says nothing: its
//     deadline went by while nobody looked.
//   - DOWN is believed only if a canary has answered since the check began.
func Guard(checker verify.Checker, pulse *Pulse, canaries *Canaries) verify.Checker {
	return guard{checker, pulse, canaries}
}

type guard struct {
	checker  verify.Checker
	pulse    *Pulse
	canaries *Canaries
}

// Check implements verify.Checker.
func (g guard) Check(ctx context.Context, r verify.Request) verify.Sample {
	began := time.Now()
	s := g.checker.Check(ctx, r)
	if s.Status == health.Down && !g.canaries.Answer(ctx, began) {
		s.Status, s.Reason = health.Unknown, "no canary answers, so this may be our own network: "+s.Reason
	}
	if still := g.pulse.Look(); still.Ended.After(began) {
		s.Status, s.Reason = health.Unknown, fmt.Sprintf("this node stood still for %v in the middle of the check", still.Lasted.Round(time.Second))
	}
	return s
}

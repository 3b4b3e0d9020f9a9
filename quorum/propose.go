package quorum

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// retryPause is how long an endpoint rests, half as long again at most, after
// a proposal about it came to nothing.
const retryPause = time.Second

// answer is what came of a proposal.
type answer struct {
	transition fsm.Transition
	judged     uint64 // by which parents and brake were judged: see lastJudged
	took       time.Duration
	err        error
}

// propose brings the change of e before the cluster, with all the votes as
// evidence.
func (t *term) propose(ctx context.Context, e *fsm.Endpoint, q Question, to health.Status) {
	transition := fsm.Transition{
		Key: e.Key, Basis: t.view.Basis(e), To: to,
		Term: t.number, Time: time.Now(), Leader: t.Node,
		Quorum: q.Needed(), Votes: conceal(slices.Clone(q.Votes)),
	}
	judged := lastJudged(t.view)
	t.inFlight[e.Key] = to
	t.proposals.Go(func() {
		began := time.Now()
		err := t.Proposer.Propose(ctx, transition)
		t.answers <- answer{transition, judged, time.Since(began), err}
	})
}

// lastJudged returns the last change of what parents and the brake are judged by
// where a transition is applied: endpoints that came, went or are configured in
// another way, and their states.
func lastJudged(view *fsm.View) uint64 { return max(view.LastEvent(), view.EndpointsIndex()) }

// answered takes note of what came of a proposal.
func (t *term) answered(ctx context.Context, a answer) {
	// A committed transition is in the newest View before its answer is here.
	t.follow()
	c := a.transition
	delete(t.inFlight, c.Key)
	e, ok := t.view.Endpoint(c.Key)
	t.Observer.Proposed(resultOf(c, e), a.took)
	switch {
	case !ok || ctx.Err() != nil:
	case t.view.Basis(e) != c.Basis, a.err == nil && lastJudged(t.view) != a.judged:
		// It was committed, or refused since something is not as it was. Looks in
		// the meantime were passed over: this makes up for them.
		t.due.push(e.Slot)
	default:
		// It came to nothing, or nobody knows yet. To ask again at once would
		// be to ask the same.
		pause := retryPause + rand.N(retryPause/2)
		t.alarms.set(e.Slot, time.Now().Add(pause))
		t.Logger.Warn("proposed change came to nothing so far, will decide again",
			"key", c.Key, "from", c.From, "to", c.To, "term", c.Term, "pause", pause, "err", a.err)
	}
}

// reportEvents tells the observer what this term changed.
func (t *term) reportEvents() {
	for event := range t.view.EventsAfter(t.reported) {
		if event.Term == t.number && event.Leader == t.Node {
			t.Observer.Changed(event)
		}
	}
	t.reported = t.view.LastEvent()
}

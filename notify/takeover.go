package notify

import (
	"time"

	"tocsin/fsm"
)

// claim is what decides whether this node runs an event as leader that it has
// ended already.
type claim struct {
	leading bool // this node leads now
	// ours: the event came in this node's time and was taken in. What lies
	// before is history, which a new node doesn't run.
	ours bool
	// open: this node's own notification has not ended. It runs, or will run,
	// in the role that the node has then.
	open bool
	// own is this node's own outcome, reported or not; nil if none is known.
	own *fsm.Outcome

	// The node that led when the event was decided is the one whose run as
	// leader is waited for.
	leaderIsSelf   bool
	leaderReported bool // an outcome, and yet the event still awaits a leader
	leaderGone     bool // no observer any more, or only since after the event
	leaderAlive    bool
}

// decide says whether to take the event over, and why. It asks only about
// events that await their leader's run.
func (c claim) decide() (take bool, why string) {
	switch {
	case !c.leading, !c.ours, c.open:
		return false, ""
	case c.own != nil && c.own.Role == fsm.Leader && (c.own.Ending == fsm.Done || c.own.Ending == fsm.GaveUp):
		// It is on its way into the replicated state.
		return false, ""
	case c.leaderIsSelf:
		return true, "this node leads again, and had not run it as leader"
	case c.leaderReported:
		return true, "the leader at that time did not run it as leader"
	case c.leaderGone:
		return true, "the leader at that time is no longer a node of this cluster"
	case !c.leaderAlive:
		return true, "the leader at that time is silent"
	}
	return false, ""
}

const (
	// takeOverEvery is how often a leader looks for what nobody finishes, for
	// silence makes no sound.
	takeOverEvery = 2 * time.Second
	// takeOverPause bounds how often it looks because something changed.
	takeOverPause = 200 * time.Millisecond
)

// takeOverSoon has takeOver look again, but not too often.
func (o *owner) takeOverSoon() {
	if soon := o.lookedAt.Add(takeOverPause); soon.Before(o.takeOverAt) {
		o.takeOverAt = soon
	}
}

// takeOver looks at the events that await their leader's run.
func (o *owner) takeOver() {
	if o.now.Before(o.takeOverAt) {
		return
	}
	o.lookedAt, o.takeOverAt = o.now, o.now.Add(takeOverEvery)
	if !o.config.Leading() {
		return
	}
	for e := range o.view.AwaitingLeader() {
		c := o.claimOf(e)
		take, why := c.decide()
		if !take {
			continue
		}
		o.log.Info("takes over the leader's notification", "event", e.ID, "key", e.Key, "to", e.To, "leader", e.Leader, "reason", why)
		entry := Entry{Event: e.ID, Key: e.Key, Stage: Waiting, TakenOver: true}
		if c.own != nil {
			entry.Attempt, entry.Before = c.own.Attempt, c.own.Attempt
		}
		o.add(entry, e)
		o.review(e.Key)
	}
}

func (o *owner) claimOf(e *fsm.Event) claim {
	c := claim{
		leading:      true,
		ours:         e.ID > o.origin && e.ID <= o.cursor,
		leaderIsSelf: e.Leader == o.config.Node,
	}
	if _, c.open = o.open[e.ID]; c.open || !c.ours {
		return c
	}
	c.own = o.ownOutcome(e.ID)
	_, c.leaderReported = o.view.Outcome(e.ID, e.Leader)
	leader, known := o.view.Observer(e.Leader)
	c.leaderGone = !known || leader.Joined > e.ID
	c.leaderAlive = !c.leaderGone && (c.leaderIsSelf || o.config.Alive(e.Leader))
	return c
}

// ownOutcome returns how this node's notification of event ended last, nil if
// that isn't known.
func (o *owner) ownOutcome(event uint64) *fsm.Outcome {
	if l, ok := o.outbox.letters[event]; ok {
		return &l.outcome
	}
	outcome, _ := o.view.Outcome(event, o.config.Node)
	return outcome
}

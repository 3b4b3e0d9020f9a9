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
	retryAsked     bool // of that outcome, and how that ended is not said yet
	leaderGone     bool // no observer any more, or only since after the event
	leaderAlive    bool
	leaderAnew     bool // its process was started after the event
	// waited is for how long this node has led and seen the event await its
	// leader's run. timeout is the deadline of one run of the script.
	waited, timeout time.Duration
}

const (
	// afterRestart is how long, beyond one run, a former leader that was
	// started again may take to report what its ledger made it finish.
	afterRestart = time.Minute
	// beyondRuns is how long, beyond two runs, any former leader may take. It
	// may still be trying: then the script runs as leader here and as follower
	// there, since the role is that of the moment.
	beyondRuns = 5 * time.Minute
)

// decide says whether to take the event over, and why. It asks only about
// events that await their leader's run. A former leader that is alive is left
// to finish it, but not for ever: it may have lost its ledger, or hang.
func (c claim) decide() (take bool, why string) {
	switch {
	case !c.leading, !c.ours, c.open:
		return false, ""
	case c.own != nil && c.own.Role == fsm.Leader && (c.own.Ending == fsm.Done || c.own.Ending == fsm.GaveUp):
		// It is on its way into the replicated state.
		return false, ""
	case c.leaderIsSelf:
		return true, "this node leads again, and had not run it as leader"
	case c.retryAsked:
		return true, "it was given up, and somebody has asked for another try"
	case c.leaderReported:
		return true, "the leader at that time did not run it as leader"
	case c.leaderGone:
		return true, "the leader at that time is no longer a node of this cluster"
	case !c.leaderAlive:
		return true, "the leader at that time is silent"
	case c.leaderAnew && c.waited >= c.timeout+afterRestart:
		return true, "the leader at that time was started again and has not reported: it may have lost its ledger"
	case c.waited >= 2*c.timeout+beyondRuns:
		return true, "the leader at that time is alive and has not reported"
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
	seen := o.awaiting
	o.awaiting = make(map[uint64]time.Time)
	if !o.config.Leading() {
		return
	}
	for e := range o.view.AwaitingLeader() {
		since, again := seen[e.ID]
		if !again {
			since = o.now
		}
		o.awaiting[e.ID] = since
		c := o.claimOf(e)
		take, why := c.decide()
		if !take {
			continue
		}
		o.log.Info("takes over the leader's notification", "event", e.ID, "key", e.Key, "to", e.To, "leader", e.Leader, "reason", why)
		entry := Entry{Event: e.ID, Key: e.Key, Stage: Waiting, TakenOver: true}
		if c.own != nil {
			entry.Attempt, entry.Before, entry.Retry = c.own.Attempt, c.own.Attempt, c.own.Retry
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
	var reported *fsm.Outcome
	reported, c.leaderReported = o.view.Outcome(e.ID, e.Leader)
	c.retryAsked = c.leaderReported && reported.AwaitsRetry()
	leader, known := o.view.Observer(e.Leader)
	c.leaderGone = !known || leader.Joined > e.ID
	c.leaderAlive = !c.leaderGone && (c.leaderIsSelf || o.config.Alive(e.Leader))
	c.leaderAnew = known && leader.Epoch > e.ID
	c.waited = o.now.Sub(o.awaiting[e.ID])
	c.timeout = time.Duration(o.settingsFor(e.Key).NotifyTimeout)
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

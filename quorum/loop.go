package quorum

import (
	"context"
	"log/slog"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
)

// maxInFlight bounds the proposals that wait for an answer at one time. Raft
// must not be given many more entries than it can bring to disk.
const maxInFlight = 256

// Proposer brings a transition before the cluster.
type Proposer interface {
	// Propose returns nil once t was committed, whether the state machine took
	// or refused it, and is visible in the View of this node; an error means
	// that nobody can tell whether it was or will be committed. It is called
	// from many goroutines, and returns soon after ctx ends.
	Propose(ctx context.Context, t fsm.Transition) error
}

// Config is what a Loop needs. All fields but the last three must be set.
type Config struct {
	// Node is the name of this node, which signs the decisions.
	Node string
	// Machine gives the newest replicated state.
	Machine interface{ View() *fsm.View }
	// Ballots is what this node holds of all nodes' verdicts.
	Ballots *gossipdb.DB
	// Proposer gets what was decided.
	Proposer Proposer
	// Awake returns when this process last came out of a standstill, zero if it
	// never stood still. It must not block; nil stands for zero.
	Awake func() time.Time
	// Observer hears what is decided; nil: nobody does.
	Observer Observer
	// Logger is told of changes of state and of proposals that came to
	// nothing; nil discards.
	Logger *slog.Logger
}

// Loop is the leader's: it decides and proposes while the node leads, and does
// nothing in between.
type Loop struct {
	Config
	sweep chan struct{} // of one: a sweep that was asked for twice is one sweep
}

// NewLoop returns a Loop that is not yet running.
func NewLoop(c Config) *Loop {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Awake == nil {
		c.Awake = func() time.Time { return time.Time{} }
	}
	if c.Observer == nil {
		c.Observer = unobserved{}
	}
	c.Logger = c.Logger.With("component", "quorum")
	return &Loop{Config: c, sweep: make(chan struct{}, 1)}
}

// Sweep asks a running Loop to look at every endpoint, in case a change went
// unnoticed. It does not wait. Any goroutine may call it.
func (l *Loop) Sweep() {
	select {
	case l.sweep <- struct{}{}:
	default:
	}
}

// Run decides and proposes in the given raft term, in which this node leads,
// until ctx ends; then it waits for its proposals to return and returns why
// ctx ended. Ballots made before since, when the node took office, do not
// count: the caller has this node and all others make new ones. It is to be
// called once the node has applied everything of the terms before, and never
// twice at one time.
func (l *Loop) Run(ctx context.Context, number uint64, since time.Time) error {
	t := newTerm(l, number, since)
	defer t.close()
	t.lookAtAll()
	for {
		t.work(ctx)
		t.arm()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.view.Superseded():
			t.follow()
		case <-t.changes.Ready():
			t.count()
		case <-t.timer.C:
			t.ring()
		case a := <-t.answers:
			t.answered(ctx, a)
		case <-l.sweep:
			t.lookAtAll()
		}
	}
}

package notify

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"tocsin/fsm"
	"tocsin/script"
)

// Config is what a Notifier needs.
type Config struct {
	// Node and Site name this node. Node is required and is the name under
	// which its outcomes are reported.
	Node, Site string
	// Cluster is the id of the cluster whose events these are. It is required.
	Cluster string

	// Machine holds the replicated state.
	Machine Machine
	// Leading says whether this node leads now. It is asked before each
	// attempt, and must not block.
	Leading func() bool
	// Alive says whether that observer's ballot is fresh. It must not block.
	Alive func(node string) bool

	// Ledger is this node's own record, and is refused if it is anybody else's.
	// The caller closes it, after Run.
	Ledger Ledger
	// Start is where a ledger with nothing in it begins: the index at which
	// this process was registered. Events up to it are none of our business.
	// It is required. The Machine shows it already. A ledger that has come
	// further is not of this cluster as it is now.
	Start uint64
	// Returning says that this node's disk has been a member's before: then a
	// ledger with nothing in it was lost.
	Returning bool
	// Missed says what to do about events that passed this node by, because it
	// was away for too long or has lost its ledger; "" means Current.
	Missed Policy

	// Runner runs the scripts.
	Runner Runner
	// MaxRunning is how many scripts run at once; 0 means 8.
	MaxRunning int
	// StopGrace is how long a stop waits for running scripts before it ends
	// them, so that an orderly stop seldom cuts one in the middle and makes a
	// second run of it; 0 means 10 seconds, less than 0 not to wait at all.
	StopGrace time.Duration

	// Reporter brings outcomes to the cluster.
	Reporter Reporter

	// Observer hears of runs and endings; nil: nobody does.
	Observer Observer
	// Logger gets what an operator wants to know; nil discards it.
	Logger *slog.Logger
}

// Machine is where the replicated state is read.
type Machine interface{ View() *fsm.View }

// Runner runs one attempt of one notification. Run returns when the script and
// all its children are gone, soon after ctx has ended at the latest; if that
// cut the script short its result says Interrupted. It is called from many
// goroutines at once, never twice at once for one endpoint.
type Runner interface {
	Run(ctx context.Context, job Job) script.Result
}

// Job is one attempt of one notification.
type Job struct {
	Script     string // its name in the scripts directory
	Event      *fsm.Event
	Role       fsm.Role
	Attempt    int // from 1
	Timeout    time.Duration
	Cluster    string // the id of the cluster that the event is of
	Node, Site string // where it runs
	// Missed is how many events of the endpoint have passed this node by since
	// the notification before this one; fsm.MissedUnknown if nobody knows.
	Missed int
}

// Reporter brings outcomes to the cluster. It is called by one goroutine at a
// time, with at most 64 outcomes and a context that ends after some seconds.
//
// After an error all of them are reported again, which does no harm. Otherwise
// the cluster has answered: refusals is nil if it took all of them, and else
// says for each why it was refused, nil if it was not.
type Reporter interface {
	Report(ctx context.Context, outcomes []fsm.Outcome) (refusals []*fsm.Refusal, err error)
}

func (c Config) withDefaults() Config {
	c.MaxRunning = cmp.Or(c.MaxRunning, 8)
	c.Missed = cmp.Or(c.Missed, Current)
	c.StopGrace = cmp.Or(c.StopGrace, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = unobserved{}
	}
	c.Logger = c.Logger.With("component", "notify")
	return c
}

func (c Config) validate() error {
	var errs []error
	need := func(there bool, what string) {
		if !there {
			errs = append(errs, errors.New("the notifier's configuration lacks "+what))
		}
	}
	need(c.Node != "", "Node")
	need(c.Cluster != "", "Cluster")
	need(c.Machine != nil, "Machine")
	need(c.Leading != nil, "Leading")
	need(c.Alive != nil, "Alive")
	need(c.Ledger != nil, "Ledger")
	need(c.Start > 0, "Start")
	need(c.Runner != nil, "Runner")
	need(c.Reporter != nil, "Reporter")
	need(c.MaxRunning >= 0, "a MaxRunning of 0 or more")
	return errors.Join(errs...)
}

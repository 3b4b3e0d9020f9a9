package scavenger

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
)

// settle is how long after a change of the state the scavenger looks at it:
// many changes close together cost one look, and others have had the time to
// take note of a deletion.
const settle = time.Second

// Samples is what a node keeps of the checks of endpoints.
type Samples interface {
	// SampledKeys returns the keys of endpoints that samples are kept of.
	SampledKeys() []string
	// Forget drops the samples of an endpoint that is no longer watched, and
	// does nothing for one that is.
	Forget(key string)
}

// Config is what a Scavenger needs. All fields but Logger must be set.
type Config struct {
	// Node is the name of this node, whose own ballots always stay.
	Node string
	// Machine gives the newest replicated state.
	Machine interface{ View() *fsm.View }
	// Ballots and Samples are what is cleaned.
	Ballots *gossipdb.DB
	Samples Samples
	// Logger is told what was removed; nil discards.
	Logger *slog.Logger
}

// Scavenger removes what has gone stale.
type Scavenger struct {
	Config
	sweep chan struct{} // of one: a sweep that was asked for twice is one sweep
}

// New returns a Scavenger that is not yet running.
func New(c Config) *Scavenger {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("component", "scavenger")
	return &Scavenger{Config: c, sweep: make(chan struct{}, 1)}
}

// Sweep asks a running Scavenger to look at everything. It does not wait. Any
// goroutine may call it. It is what finds nodes that have fallen silent: their
// silence wakes nobody.
func (s *Scavenger) Sweep() {
	select {
	case s.sweep <- struct{}{}:
	default:
	}
}

// Run removes what has gone stale until ctx ends, and returns why it ended. It
// is not to be called twice at one time.
func (s *Scavenger) Run(ctx context.Context) error {
	view := s.Machine.View()
	changed := view.Superseded() // nil while the change is left to settle
	settled := time.NewTimer(0)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
			changed = nil
			settled.Reset(settle)
		case <-settled.C:
			before := view
			view = s.Machine.View()
			changed = view.Superseded()
			if lost(before, view) {
				s.clean()
			}
		case <-s.sweep:
			s.clean()
		}
	}
}

// lost reports whether an endpoint or an observer may have gone between two
// Views.
func lost(before, after *fsm.View) bool {
	if c := after.ChangesSince(before.Index()); c.Everything || len(c.Deleted) > 0 {
		return true
	}
	for o := range before.Observers() {
		if _, observes := after.Observer(o.Node); !observes {
			return true
		}
	}
	return false
}

func (s *Scavenger) clean() {
	// The state is read last, so that it knows whatever the others refer to.
	sampled, ballots := s.Samples.SampledKeys(), s.Ballots.Table()
	stale := Stale(Scene{
		Node: s.Node, View: s.Machine.View(), Ballots: ballots, Sampled: sampled, Now: time.Now(),
	})
	if stale.Empty() {
		return
	}
	var peers []string
	for _, b := range stale.Ballots {
		s.Ballots.Remove(b.Node, b.Page, b.UpTo)
		peers = append(peers, b.Node)
	}
	for _, key := range stale.Samples {
		s.Samples.Forget(key)
	}
	s.Logger.Info("removed what has gone stale",
		"peers", slices.Compact(peers), "ballots", len(stale.Ballots), "samples", len(stale.Samples))
}

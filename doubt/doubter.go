package doubt

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/verify"
)

// Config is what a Doubter needs. All fields but Logger must be set.
type Config struct {
	// Node is the name of this node.
	Node string
	// Machine gives the observers and the settings.
	Machine interface{ View() *fsm.View }
	// Ballots shows who is heard, and is told to abstain.
	Ballots *gossipdb.DB
	// Checks tells how the checks keep up, and begins afresh after a standstill.
	Checks interface {
		Progress() verify.Progress
		Renew() uint64
	}
	Pulse    *Pulse
	Canaries *Canaries
	// Logger is told when an abstention begins and ends; nil discards.
	Logger *slog.Logger
}

// Doubter makes its node abstain for as long as there is a reason to.
type Doubter struct {
	Config
	handled atomic.Uint64 // number of the newest standstill that was acted on
	turned  atomic.Pointer[time.Time]

	mu      sync.Mutex // taken before that of the ballots
	state   State
	since   time.Time // the beginning of the abstention; zero if there is none
	begun   uint64    // abstentions so far
	renewal uint64    // of the checks, that the newest standstill asked for
}

// New returns a Doubter that doubts nothing until Run is called.
func New(c Config) *Doubter {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("component", "doubt")
	return &Doubter{Config: c}
}

// Run looks for reasons until ctx ends, and returns nil. It may be called once.
func (d *Doubter) Run(ctx context.Context) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	asking.Go(func() { d.Canaries.Run(ctx) })

	// Others go on to look while the node ends, and must not take that for a
	// standstill.
	defer d.Pulse.Rest()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		d.Pulse.Beat()
		d.look()
		d.turned.Store(new(time.Now()))
		select {
		case <-ticker.C:
		case <-d.Canaries.changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// Turned returns when Run last had looked, zero before it did. While it runs that
// is hardly ever more than a second ago: it is a sign of life of the whole node,
// since a look takes the locks of the ballots and of the checks.
func (d *Doubter) Turned() time.Time {
	if at := d.turned.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Reason returns why this node abstains, "" if it does not.
func (d *Doubter) Reason() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Reason()
}

// Status is whether and why a node abstains, and how often it came to that.
type Status struct {
	Cause       Cause  // "" if it does not abstain
	Abstentions uint64 // that have begun so far
	Standstills uint64 // that were found so far
}

// Status returns how it is now.
func (d *Doubter) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Status{Cause: d.state.Cause(), Abstentions: d.begun, Standstills: d.handled.Load()}
}

// CutOff reports whether this node has heard fewer than a majority for a while,
// whatever it abstains for.
func (d *Doubter) CutOff() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.CutOff()
}

// Heard returns how many observers have a fresh ballot here, this node included.
func (d *Doubter) Heard() int { return d.heard(d.Machine.View(), time.Now()) }

// Awake returns when this process last came out of a standstill, zero if it
// never stood still. Once it has returned, this node abstains because of it.
func (d *Doubter) Awake() time.Time { return d.newest().Ended }

// Unsure reports whether what arrives now may have lain unread, since a
// standstill has only just ended. Once it has returned, this node abstains
// because of that standstill.
func (d *Doubter) Unsure() bool {
	s := d.newest()
	return s.Number > 0 && time.Since(s.Ended) < settling
}

// newest returns the newest standstill, after it was acted on.
func (d *Doubter) newest() Standstill {
	s := d.Pulse.Look()
	if s.Number > d.handled.Load() {
		d.look()
	}
	return s
}

// look makes the ballots say what follows from the facts of now.
func (d *Doubter) look() {
	before, after, lasted := d.change()
	switch {
	case before == "" && after != "":
		d.Logger.Warn("this node abstains: its votes are UNKNOWN until the reason is gone", "reason", after)
	case before != "" && after == "":
		d.Logger.Info("this node votes again", "reason", before, "abstained", lasted.Round(time.Millisecond))
	}
}

// change returns the reasons before and after, and how long the abstention was
// if it ends.
func (d *Doubter) change() (before, after string, lasted time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, still := time.Now(), d.Pulse.Look()
	if still.Number > d.handled.Load() {
		if still.Missed > 0 {
			// Stale at least: a wrong age that still counts would be passed on
			// to others, if it was only the wall clock that was put forward.
			d.Ballots.Overslept(max(still.Missed, d.Machine.View().Settings().BallotTTL()))
		}
		d.renewal = d.Checks.Renew()
	}
	before = d.state.Reason()
	d.state = d.state.After(d.facts(now, still))
	after = d.state.Reason()
	switch {
	case before == "" && after != "":
		d.since = now
		d.begun++
	case before != "" && after == "":
		lasted = now.Sub(d.since)
	}
	d.Ballots.Abstain(after)
	d.handled.Store(still.Number) // last: whoever reads it may rely on the rest
	return before, after, lasted
}

func (d *Doubter) facts(now time.Time, still Standstill) Facts {
	view, checks := d.Machine.View(), d.Checks.Progress()
	settings := view.Settings()
	f := Facts{
		Now:        now,
		Standstill: still, Renewed: checks.Renewals >= d.renewal, Open: checks.Open, Patience: patience(settings.Settings),
		Canaries: d.Canaries.Count(), Silent: d.Canaries.Silent(),
		Refresh: time.Duration(settings.BallotRefresh),
		Late:    checks.Lateness, Interval: time.Duration(settings.Interval),
	}
	if _, registered := view.Observer(d.Node); registered {
		f.Observers, f.Heard = view.ObserverCount(), d.heard(view, now)
	}
	return f
}

// heard returns how many observers have a fresh ballot here. This node needs
// none to be heard by itself.
func (d *Doubter) heard(view *fsm.View, now time.Time) int {
	n, table, ttl := 0, d.Ballots.Table(), view.Settings().BallotTTL()
	for o := range view.Observers() {
		held, ok := table.Get(o.Node, 0)
		if o.Node == d.Node || ok && held.Ballot.Epoch == o.Epoch && now.Sub(held.MadeAt) < ttl {
			n++
		}
	}
	return n
}

// patience returns how long endpoints may take until they have a verdict again:
// as long as a verdict takes whose every check runs into its timeout.
func patience(s fsm.Settings) time.Duration {
	return time.Duration(max(s.Rise, s.Fall)+1) * (s.Retry() + time.Duration(s.Timeout))
}

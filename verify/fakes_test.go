package verify_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// cluster is the replicated state, without a cluster around it.
type cluster struct {
	t *testing.T
	*fsm.Machine
	index uint64
	// byIndex is the first View of each EndpointsIndex.
	byIndex map[uint64]*fsm.View
}

func newCluster(t *testing.T, settings func(*fsm.ClusterSettings)) *cluster {
	t.Helper()
	c := &cluster{t: t, Machine: fsm.NewMachine(), byIndex: map[uint64]*fsm.View{}}
	s := fsm.DefaultClusterSettings()
	if settings != nil {
		settings(&s)
	}
	c.apply(fsm.Found{ClusterID: "test", Settings: s})
	return c
}

// apply commits one entry; every command of it must do something.
func (c *cluster) apply(commands ...fsm.Command) {
	c.t.Helper()
	entry, err := fsm.Encode(commands...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.index++
	results, ok := c.Apply(&raft.Log{Index: c.index, Term: 1, Data: entry}).([]fsm.Result)
	if !ok {
		c.t.Fatal(c.Err())
	}
	for i, r := range results {
		if r.Refused != nil || !r.Changed {
			c.t.Fatalf("%#v did nothing: %v", commands[i], r.Refused)
		}
	}
	if at := c.View().EndpointsIndex(); c.byIndex[at] == nil {
		c.byIndex[at] = c.View()
	}
}

func (c *cluster) set(key, value string) { c.apply(fsm.SetEndpoint{Key: key, Value: value}) }

func (c *cluster) change(settings func(*fsm.ClusterSettings)) {
	s := c.View().Settings()
	settings(&s)
	c.apply(fsm.ChangeSettings{Settings: s})
}

func (c *cluster) endpoint(key string) *fsm.Endpoint {
	c.t.Helper()
	e, ok := c.View().Endpoint(key)
	if !ok {
		c.t.Fatalf("there is no endpoint %q", key)
	}
	return e
}

// run is one call of a checker.
type run struct {
	verify.Request
	start, end time.Time // end is zero while it runs
	cancelled  bool      // its context had ended when it returned
}

// checker is a fake: what a check does is a function, and every call is noted.
type checker struct {
	does func(context.Context, verify.Request) verify.Sample

	mu      sync.Mutex
	runs    []*run
	running map[string]bool
	most    int // at once
	twice   []string
}

// byValue answers what the value says: "up", "down", or anything else.
func byValue(_ context.Context, r verify.Request) verify.Sample {
	switch r.Value {
	case "up":
		return verify.Sample{Status: health.Up, Reason: "as told"}
	case "down":
		return verify.Sample{Status: health.Down, Reason: "as told"}
	}
	return verify.Sample{Reason: "as told"}
}

// taking does what does does, after d, or less if nobody waits for it any more.
func taking(d time.Duration, does func(context.Context, verify.Request) verify.Sample) func(context.Context, verify.Request) verify.Sample {
	return func(ctx context.Context, r verify.Request) verify.Sample {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		return does(ctx, r)
	}
}

// stubborn does what does does, after d, whether or not anybody waits.
func stubborn(d time.Duration, does func(context.Context, verify.Request) verify.Sample) func(context.Context, verify.Request) verify.Sample {
	return func(ctx context.Context, r verify.Request) verify.Sample {
		time.Sleep(d)
		return does(ctx, r)
	}
}

func (c *checker) Check(ctx context.Context, r verify.Request) verify.Sample {
	noted := &run{Request: r, start: time.Now()}
	c.mu.Lock()
	if c.running == nil {
		c.running = map[string]bool{}
	}
	if c.running[r.Key] {
		c.twice = append(c.twice, r.Key)
	}
	c.running[r.Key] = true
	c.most = max(c.most, len(c.running))
	c.runs = append(c.runs, noted)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, r.Key)
		noted.end, noted.cancelled = time.Now(), ctx.Err() != nil
	}()
	return c.does(ctx, r)
}

// of returns the calls for key so far, oldest first.
func (c *checker) of(key string) []run {
	c.mu.Lock()
	defer c.mu.Unlock()
	var runs []run
	for _, r := range c.runs {
		if r.Key == key {
			runs = append(runs, *r)
		}
	}
	return runs
}

// all returns all calls so far, oldest first.
func (c *checker) all() []run {
	c.mu.Lock()
	defer c.mu.Unlock()
	runs := make([]run, len(c.runs))
	for i, r := range c.runs {
		runs[i] = *r
	}
	return runs
}

// atOnce returns the most calls that ran at the same time.
func (c *checker) atOnce() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

func (c *checker) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.runs)
}

// cast is one call of Cast.
type cast struct {
	index uint64
	votes []verify.Vote
	at    time.Time
}

// ballot is a fake of what gathers verdicts, and holds what a ballot would.
type ballot struct {
	mu     sync.Mutex
	casts  []cast
	held   map[uint32]verify.Vote // those that are not UNKNOWN
	faults []string
	// each is called with what is held after each cast, if it is set.
	each func(index uint64, held map[uint32]verify.Vote)
}

func (b *ballot) Cast(index uint64, votes []verify.Vote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil {
		b.held = map[uint32]verify.Vote{}
	}
	if n := len(b.casts); n > 0 && b.casts[n-1].index > index {
		b.faults = append(b.faults, "the index went back")
	}
	b.casts = append(b.casts, cast{index, slices.Clone(votes), time.Now()})
	seen := map[uint32]bool{}
	for _, v := range votes {
		if seen[v.Slot] {
			b.faults = append(b.faults, "a slot is in the votes twice")
		}
		seen[v.Slot] = true
		if v.Verdict == health.Unknown {
			delete(b.held, v.Slot)
		} else {
			b.held[v.Slot] = v
		}
	}
	if b.each != nil {
		b.each(index, b.held)
	}
}

func (b *ballot) all() []cast {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.casts)
}

func (b *ballot) last() cast {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.casts) == 0 {
		return cast{}
	}
	return b.casts[len(b.casts)-1]
}

func (b *ballot) holds() map[uint32]verify.Vote {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.held)
}

// watchdog is a Verifier with fakes around it.
type watchdog struct {
	*verify.Verifier
	cluster *cluster
	checks  *checker
	ballot  *ballot
	stop    func() // stops Run and waits for it
}

// start runs a Verifier until the test ends. It is for use in a bubble.
func start(t *testing.T, c *cluster, does func(context.Context, verify.Request) verify.Sample, more func(*verify.Config)) *watchdog {
	t.Helper()
	w := &watchdog{cluster: c, checks: &checker{does: does}, ballot: &ballot{}}
	cfg := verify.Config{Node: "n1", Site: "south", Machine: c, Checker: w.checks, Verdicts: w.ballot}
	if more != nil {
		more(&cfg)
	}
	w.Verifier = verify.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	w.stop = sync.OnceFunc(func() {
		cancel()
		group.Wait()
		if len(w.checks.twice) > 0 {
			t.Errorf("checked twice at once: %q", w.checks.twice)
		}
		if len(w.checks.running) > 0 {
			t.Errorf("Run returned, and these checks still run: %v", w.checks.running)
		}
		if len(w.ballot.faults) > 0 {
			t.Errorf("faults of the casts: %q", w.ballot.faults)
		}
	})
	t.Cleanup(w.stop)
	return w
}

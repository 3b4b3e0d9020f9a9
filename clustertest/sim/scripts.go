package sim

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
	"tocsin/script"
)

// scripts are the notification scripts of all nodes, and how they behave now.
type scripts struct {
	record *recorder
	traps  *traps
	seed   uint64

	mu      sync.Mutex
	slowed  time.Duration // on top of what each takes by itself
	fails   int           // attempts of each notification that fail first
	refuses bool          // every run fails
	calm    bool          // nothing fails, and nothing takes long
}

func newScripts(seed uint64, record *recorder, t *traps) *scripts {
	return &scripts{record: record, traps: t, seed: seed}
}

// change changes how runs behave that start from now on.
func (s *scripts) change(f func(*scripts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// of returns the runner of one life.
func (s *scripts) of(l *life) notify.Runner { return runner{s, l} }

// temper is how one attempt goes.
type temper struct {
	takes time.Duration
	exit  int
}

// Two lengths of runs: one that nothing can happen in, and one that is as long
// as it gets when all is to be calm.
const (
	briefly  = 20 * time.Millisecond
	calmMost = 3 * time.Second
)

// temper draws how an attempt goes. Most scripts work and are quick; some take
// longer than they may, some fail a few times and then work, some always fail,
// and some say that trying again is no use. A notification that fails on one
// node need not on another.
func (s *scripts) temper(job notify.Job) temper {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fnv.New64a()
	_, _ = name.Write([]byte(job.Node)) // a hash's Write can't fail
	of := rand.New(rand.NewPCG(s.seed^job.Event.ID, name.Sum64()))
	failing := [...]int{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, forEver, forEver, never}[of.IntN(16)]
	attempt := rand.New(rand.NewPCG(of.Uint64(), uint64(job.Attempt)))
	t := temper{takes: takes(attempt) + s.slowed}
	switch {
	case s.calm:
		t.takes = min(t.takes, calmMost)
	case failing == never:
		t.exit = 2
	case s.refuses, job.Attempt <= max(failing, s.fails):
		t.exit = 1
	}
	return t
}

// How many attempts fail: all of them, and none but that one says never again.
const (
	forEver = 1 << 30
	never   = -1
)

func takes(dice *rand.Rand) time.Duration {
	most := [...]time.Duration{0, 0, 0, 0, 0, 2, 2, 15, 15, 40}[dice.IntN(10)] * time.Second
	return briefly + time.Duration(dice.Int64N(int64(most)+1))
}

type runner struct {
	*scripts
	life *life
}

// Run implements notify.Runner.
func (r runner) Run(ctx context.Context, job notify.Job) script.Result {
	t := r.temper(job)
	started := time.Now()
	end := r.record.run(r.life, job)
	r.traps.spring(inScript, r.life.process)
	if job.Role == fsm.Leader {
		r.traps.spring(inLeaderScript, r.life.process)
	}
	select {
	case <-time.After(min(t.takes, job.Timeout)):
	case <-ctx.Done():
		end(-1, true)
		return script.Result{ExitCode: -1, Signal: "terminated", Interrupted: true, Duration: time.Since(started)}
	}
	if t.takes > job.Timeout {
		end(-1, false)
		return script.Result{ExitCode: -1, Signal: "killed", TimedOut: true, Duration: time.Since(started)}
	}
	end(t.exit, false)
	return script.Result{ExitCode: t.exit, Stdout: "told", Duration: time.Since(started)}
}

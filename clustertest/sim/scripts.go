package sim

import (
	"context"
	"sync"
	"time"

	"tocsin/notify"
	"tocsin/script"
)

// scripts are the notification scripts of all nodes, and how they behave now.
type scripts struct {
	record *recorder

	mu      sync.Mutex
	takes   time.Duration
	fails   int  // attempts of each notification that fail first
	refuses bool // every run fails
}

const scriptTakes = 20 * time.Millisecond

func newScripts(record *recorder) *scripts { return &scripts{record: record, takes: scriptTakes} }

// change changes how runs behave that start from now on.
func (s *scripts) change(f func(*scripts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// of returns the runner of one life.
func (s *scripts) of(l *life) notify.Runner { return runner{s, l} }

type runner struct {
	*scripts
	life *life
}

// Run implements notify.Runner.
func (r runner) Run(ctx context.Context, job notify.Job) script.Result {
	r.mu.Lock()
	takes, exit := r.takes, 0
	if r.refuses || job.Attempt <= r.fails {
		exit = 1
	}
	r.mu.Unlock()
	started := time.Now()
	end := r.record.run(r.life, job)
	select {
	case <-time.After(takes):
		end(exit, false)
		return script.Result{ExitCode: exit, Stdout: "told", Duration: time.Since(started)}
	case <-ctx.Done():
		end(-1, true)
		return script.Result{ExitCode: -1, Signal: "terminated", Interrupted: true, Duration: time.Since(started)}
	}
}

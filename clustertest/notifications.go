package clustertest

import (
	"context"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/script"
)

// Notification is one run of a notification script that was started.
type Notification struct {
	Node    string
	Event   uint64
	Key     string
	To      health.Status
	Role    fsm.Role
	Attempt int
	At      time.Time
	// Ended is false while it runs, and for ever when it was cut short.
	Ended bool
}

// Scripts stands in for the notification scripts of all nodes and remembers
// every run. All of it may be used at any time.
type Scripts struct {
	mu    sync.Mutex
	runs  []Notification
	takes time.Duration
	exit  func(Notification) int
}

func newScripts() *Scripts {
	return &Scripts{takes: 10 * time.Millisecond, exit: func(Notification) int { return 0 }}
}

// Take makes every run from now on take so long.
func (s *Scripts) Take(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes = d
}

// Exit makes every run from now on end with the code that f gives it.
func (s *Scripts) Exit(f func(Notification) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exit = f
}

// All returns every run that was started, in order of their starts.
func (s *Scripts) All() []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Notification(nil), s.runs...)
}

// Of returns the runs of one endpoint on one node.
func (s *Scripts) Of(node, key string) []Notification {
	var some []Notification
	for _, n := range s.All() {
		if n.Node == node && n.Key == key {
			some = append(some, n)
		}
	}
	return some
}

// Run implements notify.Runner.
func (s *Scripts) Run(ctx context.Context, job notify.Job) script.Result {
	n := Notification{
		Node: job.Node, Event: job.Event.ID, Key: job.Event.Key, To: job.Event.To,
		Role: job.Role, Attempt: job.Attempt, At: time.Now(),
	}
	s.mu.Lock()
	at := len(s.runs)
	s.runs = append(s.runs, n)
	takes, exit := s.takes, s.exit
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return script.Result{ExitCode: -1, Signal: "terminated", Interrupted: true, Duration: time.Since(n.At)}
	}
	code := exit(n) // asked outside of the lock: it is the test's
	s.mu.Lock()
	s.runs[at].Ended = true
	s.mu.Unlock()
	return script.Result{ExitCode: code, Stdout: "told", Duration: takes}
}

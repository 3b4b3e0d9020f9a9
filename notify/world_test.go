package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/script"
)

// world is a replicated state without a cluster, and all that a Notifier asks
// of its surroundings.
type world struct {
	mu      sync.Mutex
	machine *fsm.Machine
	index   uint64

	leading bool
	dead    map[string]bool // observers that are not alive
	unheard bool            // reports fail
	reports int             // that were heard
	history []run
	script  func(notify.Job) reply
}

// run is one run of a script, as it happened.
type run struct {
	notify.Job
	process int // that started it, where a test tells them apart
	ended   bool
	cut     bool // short, by us or by a crash
	code    int
}

// reply is what the script does.
type reply struct {
	code  int
	takes time.Duration
	fault error // it can't be started
}

func newWorld(t testing.TB) *world {
	w := &world{machine: fsm.NewMachine(), dead: map[string]bool{}, script: func(notify.Job) reply { return reply{} }}
	settings := fsm.DefaultClusterSettings()
	settings.NotifyAttempts = 3
	w.do(t, fsm.Found{ClusterID: "c", Settings: settings})
	for _, node := range []string{"other", "self"} {
		w.do(t, fsm.RegisterObserver{Node: node, Incarnation: node})
	}
	return w
}

// do applies one entry and returns its index.
func (w *world) do(t testing.TB, commands ...fsm.Command) uint64 {
	t.Helper()
	data, err := fsm.Encode(commands...)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index++
	results, ok := w.machine.Apply(&raft.Log{Index: w.index, Term: 1, Data: data}).([]fsm.Result)
	if !ok {
		t.Fatalf("entry %d was not applied", w.index)
	}
	for _, r := range results {
		if r.Refused != nil && r.Refused.Code != fsm.NotFound {
			t.Fatalf("entry %d was refused: %v", w.index, r.Refused)
		}
	}
	return w.index
}

// watch adds an endpoint that is up.
func (w *world) watch(t testing.TB, keys ...string) {
	t.Helper()
	for _, key := range keys {
		w.do(t, fsm.SetEndpoint{Key: key, Value: "value of " + key})
		w.decide(t, key, "other")
	}
}

// decide changes the state of an endpoint, and returns the event.
func (w *world) decide(t testing.TB, key, leader string) uint64 {
	t.Helper()
	e, ok := w.machine.View().Endpoint(key)
	if !ok {
		t.Fatalf("no endpoint %q", key)
	}
	to := health.Up
	if e.State == health.Up {
		to = health.Down
	}
	return w.do(t, fsm.Transition{
		Key: key, Basis: w.machine.View().Basis(e), To: to,
		Term: 1, Time: time.Now(), Leader: leader,
	})
}

func (w *world) Report(_ context.Context, outcomes []fsm.Outcome) ([]*fsm.Refusal, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unheard {
		return nil, errors.New("there is no leader")
	}
	w.reports++
	commands := make([]fsm.Command, len(outcomes))
	refusals := make([]*fsm.Refusal, len(outcomes))
	for i, o := range outcomes {
		commands[i] = fsm.RecordOutcome{Outcome: o}
		refusals[i] = fsm.Validate(w.machine.View(), commands[i])
	}
	if slices.ContainsFunc(refusals, func(r *fsm.Refusal) bool { return r != nil }) {
		return refusals, nil
	}
	data, err := fsm.Encode(commands...)
	if err != nil {
		return nil, err
	}
	w.index++
	results, _ := w.machine.Apply(&raft.Log{Index: w.index, Term: 1, Data: data}).([]fsm.Result)
	for i, r := range results {
		refusals[i] = r.Refused
	}
	return refusals, nil
}

func (w *world) Run(ctx context.Context, job notify.Job) script.Result {
	return w.perform(ctx, run{Job: job}, func() bool { return false })
}

// perform runs the script of r, in a process that may have died meanwhile.
func (w *world) perform(ctx context.Context, r run, died func() bool) script.Result {
	w.mu.Lock()
	at := len(w.history)
	w.history = append(w.history, r)
	answer := w.script(r.Job)
	w.mu.Unlock()

	started := time.Now()
	result := script.Result{ExitCode: answer.code, Stdout: "it ran\n"}
	if answer.fault != nil {
		result = script.Result{ExitCode: -1, StartErr: answer.fault}
	}
	timer := time.NewTimer(answer.takes)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		result = script.Result{ExitCode: -1, Signal: "terminated", Interrupted: true}
	case <-timer.C:
	}
	result.Duration = time.Since(started)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history[at].ended, w.history[at].cut, w.history[at].code = true, result.Interrupted || died(), result.ExitCode
	return result
}

func (w *world) runs() []run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.history)
}

// story tells the runs so far in short.
func (w *world) story() []string {
	var all []string
	for _, r := range w.runs() {
		all = append(all, fmt.Sprintf("%s %s %d/%d", r.Role, r.Event.Key, r.Event.ID, r.Attempt))
	}
	return all
}

func (w *world) lead(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leading = yes
}

func (w *world) silence(node string, yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[node] = yes
}

func (w *world) hear(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unheard = !yes
}

func (w *world) setScript(f func(notify.Job) reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = f
}

func (w *world) config(ledger notify.Ledger) notify.Config {
	return notify.Config{
		Node: "self", Site: "here", Cluster: "c", Machine: w.machine, Ledger: ledger, Start: w.machine.View().Index(),
		Runner: w, Reporter: w, MaxRunning: 4, StopGrace: -1,
		Leading: func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.leading
		},
		Alive: func(node string) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.dead[node]
		},
	}
}

// process is a Notifier that runs.
type process struct {
	*notify.Notifier
	stop func() error // ends it and returns what Run returned; may be repeated
}

func begin(t *testing.T, config notify.Config) *process {
	t.Helper()
	n, err := notify.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	p := &process{Notifier: n, stop: sync.OnceValue(func() error {
		cancel()
		return <-done
	})}
	t.Cleanup(func() { _ = p.stop() })
	return p
}

// outcome returns what the state shows of an event, and fails without it.
func (w *world) outcome(t *testing.T, event uint64) fsm.Outcome {
	t.Helper()
	o, ok := w.machine.View().Outcome(event, "self")
	if !ok {
		t.Fatalf("there is no outcome of event %d", event)
	}
	return *o
}

func expectStory(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := w.story(); !slices.Equal(got, want) {
		t.Errorf("the scripts ran as\n  %q, not as\n  %q", got, want)
	}
}

// pass lets virtual time go by, and what is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

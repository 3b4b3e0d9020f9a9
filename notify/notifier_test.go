package notify_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
)

func TestNotifier_Delivers(t *testing.T) {
	bubble(t, "a change of state is notified and reported, a baseline is not", func(t *testing.T) {
		w := newWorld(t)
		p := begin(t, w.config(notify.NewMemoryLedger()))
		w.watch(t, "a")
		e := w.decide(t, "a", "other")
		pass(time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e))
		o := w.outcome(t, e)
		if o.Ending != fsm.Done || o.Attempt != 1 || o.ExitCode != 0 || o.Output != "it ran" || o.Problem != "" {
			t.Errorf("the outcome is %+v", o)
		}
		s := p.Status()
		if s.Cursor != e || s.Head != e || s.Waiting != 0 || s.Running != 0 || !s.Oldest.IsZero() || s.Unreported != 0 {
			t.Errorf("the status is %+v", s)
		}
		job := w.runs()[0].Job
		if job.Script != "notify.sh" || job.Timeout != time.Minute || job.Node != "self" || job.Site != "here" {
			t.Errorf("the job is %+v", job)
		}
	})
	bubble(t, "a new node runs no history", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.decide(t, "a", "other")
		w.lead(true)
		w.silence("other", true)
		begin(t, w.config(notify.NewMemoryLedger()))
		pass(time.Hour)
		expectStory(t, w)
	})
	bubble(t, "in order for one endpoint, side by side for several, and never more than allowed", func(t *testing.T) {
		w := newWorld(t)
		w.setScript(func(notify.Job) reply { return reply{takes: 10 * time.Second} })
		keys := []string{"a", "b", "c", "d", "e", "f"}
		w.watch(t, keys...)
		p := begin(t, w.config(notify.NewMemoryLedger()))
		first := map[string]uint64{}
		for _, key := range keys {
			first[key] = w.decide(t, key, "other")
		}
		pass(time.Second)
		if s := p.Status(); s.Running != 4 || s.Waiting != 2 || s.Oldest.IsZero() {
			t.Errorf("with room for 4 scripts the status is %+v", s)
		}
		again := w.decide(t, "a", "other")
		pass(8 * time.Second)
		if n := len(w.runs()); n != 4 {
			t.Errorf("%d scripts were started while the first 4 run", n)
		}
		pass(time.Minute)
		got := w.story()
		slices.Sort(got[:4]) // side by side
		slices.Sort(got[4:])
		want := []string{
			fmt.Sprintf("follower a %d/1", first["a"]), fmt.Sprintf("follower b %d/1", first["b"]),
			fmt.Sprintf("follower c %d/1", first["c"]), fmt.Sprintf("follower d %d/1", first["d"]),
			fmt.Sprintf("follower a %d/1", again),
			fmt.Sprintf("follower e %d/1", first["e"]), fmt.Sprintf("follower f %d/1", first["f"]),
		}
		if !slices.Equal(got, want) {
			t.Errorf("the scripts ran as\n  %q, not as\n  %q", got, want)
		}
	})
}

func TestNotifier_TriesAgain(t *testing.T) {
	bubble(t, "after growing pauses, until the attempts are used up", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{code: 1} })
		begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(700 * time.Millisecond)
		if n := len(w.runs()); n != 1 {
			t.Errorf("%d attempts within 0.7s", n)
		}
		pass(400 * time.Millisecond)
		if n := len(w.runs()); n != 2 {
			t.Errorf("%d attempts within 1.1s", n)
		}
		pass(1100 * time.Millisecond) // the second pause takes 1.5s to 2s
		if n := len(w.runs()); n != 2 {
			t.Errorf("%d attempts within 2.2s", n)
		}
		pass(time.Hour)
		if n := len(w.runs()); n != 3 {
			t.Errorf("%d attempts, 3 are allowed", n)
		}
		if o := w.outcome(t, e); o.Ending != fsm.GaveUp || o.Attempt != 3 || o.ExitCode != 1 || o.Problem != "exit code 1, attempt 3 of 3" {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "until it works", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(j notify.Job) reply { return reply{code: max(2-j.Attempt, 0)} })
		begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Hour)
		if o := w.outcome(t, e); o.Ending != fsm.Done || o.Attempt != 2 || o.Problem != "" {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "not after exit 2 and above", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{code: 3} })
		begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Hour)
		if o := w.outcome(t, e); len(w.runs()) != 1 || o.Ending != fsm.GaveUp || o.Problem != "exit code 3: gave up" {
			t.Errorf("%d attempts, and the outcome is %+v", len(w.runs()), o)
		}
	})
}

func TestNotifier_WithoutRoomForProcesses(t *testing.T) {
	bubble(t, "pauses, says so, and gives up on nothing", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		none := fmt.Errorf("fork: %w", syscall.EAGAIN)
		w.setScript(func(notify.Job) reply { return reply{fault: none} })
		p := begin(t, w.config(notify.NewMemoryLedger()))
		a := w.decide(t, "a", "other")
		b := w.decide(t, "b", "other")
		pass(time.Hour)
		// A second, doubling up to a minute, for each of the two.
		if n := len(w.runs()); n < 100 || n > 180 {
			t.Errorf("%d attempts within an hour", n)
		}
		if s := p.Status(); !strings.Contains(s.Stuck, "unavailable") || s.Waiting != 2 {
			t.Errorf("the status is %+v", s)
		}
		w.do(t, fsm.DeleteEndpoint{Key: "b"})
		w.setScript(func(j notify.Job) reply { return reply{code: 1} })
		pass(time.Hour)
		if o := w.outcome(t, a); o.Ending != fsm.GaveUp || !strings.Contains(o.Problem, "exit code 1") {
			t.Errorf("the outcome is %+v", o)
		}
		failed := 0
		for _, r := range w.runs() {
			if r.code == 1 {
				failed++
			}
		}
		if failed != 3 {
			t.Errorf("it failed %d times, 3 attempts are allowed", failed)
		}
		if o := w.outcome(t, b); o.Ending != fsm.Superseded {
			t.Errorf("the outcome is %+v", o)
		}
		if s := p.Status(); s.Stuck != "" {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "until nothing is left to be started", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{fault: syscall.ENOMEM} })
		p := begin(t, w.config(notify.NewMemoryLedger()))
		w.decide(t, "a", "other")
		pass(time.Minute)
		if s := p.Status(); s.Stuck == "" {
			t.Errorf("the status is %+v", s)
		}
		w.do(t, fsm.DeleteEndpoint{Key: "a"})
		pass(time.Minute)
		if s := p.Status(); s.Stuck != "" || s.Waiting != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestNotifier_Supersedes(t *testing.T) {
	bubble(t, "what is not yet started, but never the newest", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: 10 * time.Second} })
		begin(t, w.config(notify.NewMemoryLedger()))
		var events []uint64
		for range 4 {
			events = append(events, w.decide(t, "a", "other"))
			pass(time.Second)
		}
		pass(time.Hour)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", events[0]), fmt.Sprintf("follower a %d/1", events[3]))
		for _, e := range events[1:3] {
			if o := w.outcome(t, e); o.Ending != fsm.Superseded || o.Attempt != 0 || o.ExitCode != -1 || !strings.HasPrefix(o.Problem, "superseded by event ") {
				t.Errorf("the outcome is %+v", o)
			}
		}
	})
	bubble(t, "between two attempts", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{code: 1} })
		begin(t, w.config(notify.NewMemoryLedger()))
		first := w.decide(t, "a", "other")
		pass(100 * time.Millisecond)
		w.setScript(func(notify.Job) reply { return reply{} })
		second := w.decide(t, "a", "other")
		pass(100 * time.Millisecond)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", first), fmt.Sprintf("follower a %d/1", second))
		want := fmt.Sprintf("superseded by event %d; exit code 1, attempt 1 of 3", second)
		if o := w.outcome(t, first); o.Ending != fsm.Superseded || o.Attempt != 1 || o.ExitCode != 1 || o.Problem != want {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "a deleted endpoint is silent, and one added again starts afresh", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{code: 1, takes: 5 * time.Second} })
		begin(t, w.config(notify.NewMemoryLedger()))
		old := w.decide(t, "a", "other")
		pass(time.Second)
		w.do(t, fsm.DeleteEndpoint{Key: "a"})
		w.watch(t, "a")
		pass(10 * time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", old))
		if o := w.outcome(t, old); o.Ending != fsm.Superseded || !strings.HasPrefix(o.Problem, "the endpoint was deleted") {
			t.Errorf("the outcome is %+v", o)
		}
		w.setScript(func(notify.Job) reply { return reply{} })
		e := w.decide(t, "a", "other")
		pass(time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", old), fmt.Sprintf("follower a %d/1", e))
	})
	bubble(t, "a waiting one when its endpoint is deleted, at once", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b", "c", "d", "e")
		w.setScript(func(notify.Job) reply { return reply{takes: time.Minute} })
		begin(t, w.config(notify.NewMemoryLedger()))
		for _, key := range []string{"a", "b", "c", "d"} {
			w.decide(t, key, "other")
		}
		pass(time.Second)
		e := w.decide(t, "e", "other")
		pass(time.Second)
		w.do(t, fsm.DeleteEndpoint{Key: "e"})
		pass(time.Second)
		if o := w.outcome(t, e); o.Ending != fsm.Superseded || o.Attempt != 0 {
			t.Errorf("the outcome is %+v", o)
		}
	})
}

func TestNotifier_SurvivesRestart(t *testing.T) {
	bubble(t, "a run in the middle of which the node died is run again, though there is a newer event", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: 10 * time.Second} })
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		first := w.decide(t, "a", "other")
		pass(time.Second)
		after := ledger.Crash()
		_ = p.stop() // the process is dead already; its ledger takes nothing
		second := w.decide(t, "a", "other")
		begin(t, w.config(after))
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", first), fmt.Sprintf("follower a %d/2", first), fmt.Sprintf("follower a %d/1", second))
		if o := w.outcome(t, first); o.Ending != fsm.Done || o.Attempt != 2 {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "once beyond the allowed attempts, and no more", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: time.Hour} })
		ledger := notify.NewMemoryLedger()
		e := w.index + 1
		p := begin(t, w.config(ledger))
		w.decide(t, "a", "other")
		for range 6 {
			pass(time.Second)
			after := ledger.Crash()
			_ = p.stop()
			p, ledger = begin(t, w.config(after)), after
		}
		pass(time.Minute)
		if n := len(w.runs()); n != 4 {
			t.Errorf("%d attempts, 3 and one more are allowed", n)
		}
		if o := w.outcome(t, e); o.Ending != fsm.GaveUp || o.Attempt != 4 || !strings.Contains(o.Problem, "died in the middle of attempt 4") {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "what waits, what pauses, and what happened meanwhile", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "waits", "pauses", "long1", "long2", "long3")
		w.setScript(func(j notify.Job) reply {
			if j.Event.Key == "pauses" && j.Attempt == 1 {
				return reply{code: 1}
			}
			return reply{takes: time.Minute}
		})
		ledger := notify.NewMemoryLedger()
		config := w.config(ledger)
		config.MaxRunning = 1
		p := begin(t, config)
		pausing := w.decide(t, "pauses", "other")
		pass(100 * time.Millisecond)
		long := w.decide(t, "long1", "other")
		pass(100 * time.Millisecond)
		waits := w.decide(t, "waits", "other")
		pass(100 * time.Millisecond)
		after := ledger.Crash()
		_ = p.stop()
		away := w.decide(t, "long2", "other")
		config.Ledger, config.Start = after, w.machine.View().Index()
		begin(t, config)
		pass(time.Hour)
		expectStory(t, w, fmt.Sprintf("follower pauses %d/1", pausing), fmt.Sprintf("follower long1 %d/1", long),
			fmt.Sprintf("follower pauses %d/2", pausing), fmt.Sprintf("follower long1 %d/2", long),
			fmt.Sprintf("follower waits %d/1", waits), fmt.Sprintf("follower long2 %d/1", away))
	})
	bubble(t, "nothing that has ended is run again, though its outcome was never reported", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.hear(false)
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		if s := p.Status(); s.Unreported != 1 || s.Stuck != "" {
			t.Errorf("without a leader the status is %+v", s)
		}
		after := ledger.Crash()
		_ = p.stop()
		p = begin(t, w.config(after))
		pass(10 * time.Minute)
		w.hear(true)
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e))
		if o := w.outcome(t, e); o.Ending != fsm.Done {
			t.Errorf("the outcome is %+v", o)
		}
		if s := p.Status(); s.Unreported != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "an old copy of the ledger repeats nothing", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		p := begin(t, w.config(ledger))
		pass(time.Second)
		old := notify.NewMemoryLedger()
		record, err := ledger.Load()
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Write(notify.Batch{Node: record.Node, Cluster: record.Cluster, Cursor: record.Cursor, Origin: record.Origin}); err != nil {
			t.Fatal(err)
		}
		e := w.decide(t, "a", "other")
		pass(time.Second)
		_ = p.stop()
		begin(t, w.config(old))
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e))
	})
}

func TestNotifier_Stops(t *testing.T) {
	bubble(t, "after a running script has ended, if that is within the grace", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: 9 * time.Second} })
		config := w.config(notify.NewMemoryLedger())
		config.StopGrace = 0 // the default
		p := begin(t, config)
		e := w.decide(t, "a", "other")
		pass(time.Second)
		began := time.Now()
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 8*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if o := w.outcome(t, e); o.Ending != fsm.Done {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "when the grace is over, and the script is run again at the next start", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: 40 * time.Second} })
		config := w.config(notify.NewMemoryLedger())
		config.StopGrace = 0
		p := begin(t, config)
		e := w.decide(t, "a", "other")
		pass(time.Second)
		began := time.Now()
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		config.Start = w.machine.View().Index()
		begin(t, config)
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("follower a %d/2", e))
	})
	bubble(t, "at once when nobody hears its reports", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.hear(false)
		config := w.config(notify.NewMemoryLedger())
		config.StopGrace = time.Hour
		p := begin(t, config)
		w.decide(t, "a", "other")
		pass(5 * time.Second)
		began := time.Now()
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// faulty is a ledger whose writes can be made to fail or to hang.
type faulty struct {
	notify.Ledger
	mu    sync.Mutex
	fault error
	hang  time.Duration
}

func (f *faulty) set(fault error, hang time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.hang = fault, hang
}

func (f *faulty) Write(b notify.Batch) error {
	f.mu.Lock()
	fault, hang := f.fault, f.hang
	f.mu.Unlock()
	time.Sleep(hang)
	if fault != nil {
		return fault
	}
	return f.Ledger.Write(b)
}

func TestNotifier_StartsNothingWithoutItsLedger(t *testing.T) {
	bubble(t, "that can't be written", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		w.setScript(func(notify.Job) reply { return reply{takes: 10 * time.Second} })
		ledger := &faulty{Ledger: notify.NewMemoryLedger()}
		p := begin(t, w.config(ledger))
		a := w.decide(t, "a", "other")
		pass(time.Second)
		ledger.set(errors.New("no space left on device"), 0)
		b := w.decide(t, "b", "other")
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", a))
		if s := p.Status(); !strings.Contains(s.Stuck, "no space left on device") {
			t.Errorf("the status is %+v", s)
		}
		if _, reported := w.machine.View().Outcome(a, "self"); reported {
			t.Error("an outcome was reported that the ledger does not hold")
		}
		ledger.set(nil, 0)
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", a), fmt.Sprintf("follower b %d/1", b))
		w.outcome(t, a)
		w.outcome(t, b)
		if s := p.Status(); s.Stuck != "" {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "that hangs", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := &faulty{Ledger: notify.NewMemoryLedger()}
		p := begin(t, w.config(ledger))
		pass(time.Second)
		ledger.set(nil, time.Minute)
		w.decide(t, "a", "other")
		pass(4 * time.Second)
		if s := p.Status(); s.Stuck != "" {
			t.Errorf("after 4s the status is %+v", s)
		}
		pass(2 * time.Second)
		if s := p.Status(); s.Stuck == "" {
			t.Errorf("after 6s the status is %+v", s)
		}
		ledger.set(nil, 0)
		pass(time.Minute)
		if s := p.Status(); s.Stuck != "" || len(w.runs()) != 1 {
			t.Errorf("%d runs, and the status is %+v", len(w.runs()), s)
		}
	})
}

// TestNotifier_LooksAgainAfterASlowWrite: what happens while the ledger is
// written counts too.
func TestNotifier_LooksAgainAfterASlowWrite(t *testing.T) {
	bubble(t, "a deleted endpoint is silent", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		ledger := &faulty{Ledger: notify.NewMemoryLedger()}
		begin(t, w.config(ledger))
		pass(time.Second)
		ledger.set(nil, 10*time.Second)
		a, b := w.decide(t, "a", "other"), w.decide(t, "b", "other")
		pass(time.Second)
		w.do(t, fsm.DeleteEndpoint{Key: "a"})
		ledger.set(nil, 0)
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower b %d/1", b))
		if o := w.outcome(t, a); o.Ending != fsm.Superseded {
			t.Errorf("the notification of the deleted endpoint ended so: %+v", o)
		}
	})
	bubble(t, "a newer event takes the place of the older", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := &faulty{Ledger: notify.NewMemoryLedger()}
		begin(t, w.config(ledger))
		pass(time.Second)
		ledger.set(nil, 10*time.Second)
		old := w.decide(t, "a", "other")
		pass(time.Second)
		newer := w.decide(t, "a", "other")
		ledger.set(nil, 0)
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", newer))
		if o := w.outcome(t, old); o.Ending != fsm.Superseded {
			t.Errorf("the older one ended so: %+v", o)
		}
	})
}

func TestNotifier_TakesOver(t *testing.T) {
	bubble(t, "when the leader of the time falls silent", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		w.lead(true)
		p.LeadershipChanged()
		pass(time.Minute)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e)) // the other one lives, and may run it
		w.silence("other", true)
		pass(3 * time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("leader a %d/2", e))
		if o := w.outcome(t, e); o.Role != fsm.Leader || o.Ending != fsm.Done || o.Attempt != 2 {
			t.Errorf("the outcome is %+v", o)
		}
		if n := len(slices.Collect(w.machine.View().AwaitingLeader())); n != 0 {
			t.Errorf("%d events still await their leader", n)
		}
	})
	bubble(t, "when the leader of the time is back without its ledger", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		w.do(t, fsm.RegisterObserver{Node: "other", Incarnation: "the next"})
		w.lead(true)
		p.LeadershipChanged()
		synctest.Wait()
		pass(2*time.Minute - time.Millisecond)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e)) // it may be running it
		pass(2 * time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("leader a %d/2", e))
	})
	bubble(t, "when the leader of the time lives and does nothing, counted anew when it was lost", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		for _, leads := range []bool{true, false, true} {
			w.lead(leads)
			p.LeadershipChanged()
			pass(7*time.Minute - time.Millisecond)
		}
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e))
		pass(2 * time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("leader a %d/2", e))
	})
	bubble(t, "when the leader of the time says that it ran as follower", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		w.lead(true)
		p.LeadershipChanged()
		pass(time.Second)
		w.do(t, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: e, Node: "other", Role: fsm.Follower, Ending: fsm.Done, Attempt: 1}})
		pass(time.Second)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("leader a %d/2", e))
	})
	bubble(t, "and gives it as many attempts as any", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.setScript(func(j notify.Job) reply {
			if j.Role == fsm.Leader {
				return reply{code: 1}
			}
			return reply{}
		})
		w.silence("other", true)
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		pass(time.Second)
		w.lead(true)
		p.LeadershipChanged()
		pass(time.Hour)
		if o := w.outcome(t, e); len(w.runs()) != 4 || o.Ending != fsm.GaveUp || o.Role != fsm.Leader || o.Attempt != 4 {
			t.Errorf("%d runs, and the outcome is %+v", len(w.runs()), o)
		}
	})
	bubble(t, "and leaves it when it leads no more", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		w.silence("other", true)
		config := w.config(notify.NewMemoryLedger())
		config.MaxRunning = 1
		p := begin(t, config)
		e := w.decide(t, "a", "other")
		pass(time.Second)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Minute} })
		long := w.decide(t, "b", "other")
		pass(time.Second)
		w.lead(true)
		p.LeadershipChanged()
		pass(time.Second)
		w.lead(false)
		p.LeadershipChanged()
		pass(time.Hour)
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("follower b %d/1", long))
		if o := w.outcome(t, e); o.Role != fsm.Follower || o.Ending != fsm.Done {
			t.Errorf("the outcome is %+v", o)
		}
	})
	bubble(t, "nothing while its own report as leader is on its way", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		w.lead(true)
		w.hear(false)
		begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "self")
		pass(10 * time.Minute)
		expectStory(t, w, fmt.Sprintf("leader a %d/1", e))
	})
	bubble(t, "what it ran as follower before it led again", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "self") // it led when it decided, and not when it ran
		pass(time.Minute)
		w.lead(true)
		p.LeadershipChanged()
		synctest.Wait()
		expectStory(t, w, fmt.Sprintf("follower a %d/1", e), fmt.Sprintf("leader a %d/2", e))
	})
}

func TestNotifier_ChangeTakesEffectWhileScriptsRun(t *testing.T) {
	bubble(t, "MaxRunning", func(t *testing.T) {
		w := newWorld(t)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Minute} })
		config := w.config(notify.NewMemoryLedger())
		config.MaxRunning = 1
		p := begin(t, config)
		var keys []string
		for i := range 100 {
			keys = append(keys, fmt.Sprintf("e%02d", i))
		}
		w.watch(t, keys...)
		for _, key := range keys {
			w.decide(t, key, "other")
		}
		for _, c := range []struct{ limit, running int }{{1, 1}, {12, 12}, {2, 2}, {0, 8}, {30, 30}} {
			p.Change(notify.Change{MaxRunning: c.limit})
			pass(61 * time.Second)
			if got := p.Status().Running; got != c.running {
				t.Errorf("of %d at once %d run", c.limit, got)
			}
		}
		pass(time.Hour)
		if len(w.runs()) != 100 {
			t.Errorf("%d scripts ran, want 100", len(w.runs()))
		}
	})
}

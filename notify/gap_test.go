package notify_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
)

// keep makes the cluster keep so many events.
func (w *world) keep(t testing.TB, events int) {
	t.Helper()
	settings := w.machine.View().Settings()
	settings.EventsKept = events
	w.do(t, fsm.ChangeSettings{Settings: settings})
}

// flood has other events push everything out of what the cluster keeps.
func (w *world) flood(t testing.TB) {
	t.Helper()
	if _, there := w.machine.View().Endpoint("flood"); !there {
		w.do(t, fsm.SetEndpoint{Key: "flood", Value: "v"})
	}
	for range w.machine.View().Settings().EventsKept + 1 {
		w.decide(t, "flood", "other")
	}
}

// told is what the scripts were told of one endpoint: status, id, missed.
func (w *world) told(key string) (all []string) {
	for _, r := range w.runs() {
		if r.Event.Key == key {
			all = append(all, fmt.Sprintf("%v %d missed %d", r.Event.To, r.Event.ID, r.Missed))
		}
	}
	return all
}

func expectTold(t *testing.T, w *world, key string, want ...string) {
	t.Helper()
	if got := w.told(key); !slices.Equal(got, want) {
		t.Errorf("of %q the scripts were told\n  %q, not\n  %q", key, got, want)
	}
}

func lastEvent(t *testing.T, w *world, key string) uint64 {
	t.Helper()
	e, ok := w.machine.View().Endpoint(key)
	if !ok {
		t.Fatalf("no endpoint %q", key)
	}
	return e.LastEvent
}

// away starts a notifier and has it run one event of "a" (DOWN) and none of
// "b". Then it stops the notifier, lets something happen, and starts it again.
func away(t *testing.T, w *world, change func(*notify.Config), happen func()) *process {
	t.Helper()
	w.keep(t, 5)
	w.watch(t, "a", "b")
	config := w.config(notify.NewMemoryLedger())
	p := begin(t, config)
	w.decide(t, "a", "other")
	pass(time.Second)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	happen()
	config.Start = w.do(t, fsm.RegisterObserver{Node: "self", Incarnation: "again"})
	if change != nil {
		change(&config)
	}
	p = begin(t, config)
	pass(time.Minute)
	return p
}

func TestNotifier_BridgesAGap(t *testing.T) {
	bubble(t, "with one run of the newest event, which is still kept", func(t *testing.T) {
		w := newWorld(t)
		var kept uint64
		p := away(t, w, nil, func() {
			for range 2 {
				w.decide(t, "a", "other") // UP, DOWN
			}
			w.flood(t)
			kept = w.decide(t, "a", "other") // UP
		})
		expectTold(t, w, "a", fmt.Sprintf("DOWN %d missed 0", w.runs()[0].Event.ID), fmt.Sprintf("UP %d missed 2", kept))
		if o := w.outcome(t, kept); o.Ending != fsm.Done || o.Missed != 2 {
			t.Errorf("the outcome is %+v", o)
		}
		if s := p.Status(); s.Gaps != 1 || s.Missed != 3 || s.MadeUp != 0 || s.Dropped != 0 { // one of the flood's too
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "of which superseded ones hand on what was missed", func(t *testing.T) {
		w := newWorld(t)
		var older, newest uint64
		away(t, w, nil, func() {
			w.decide(t, "a", "other")
			w.flood(t)
			older = w.decide(t, "a", "other")
			newest = w.decide(t, "a", "other")
		})
		if o := w.outcome(t, older); o.Ending != fsm.Superseded || o.Missed != 0 {
			t.Errorf("the outcome of the older one is %+v", o)
		}
		if o := w.outcome(t, newest); o.Ending != fsm.Done || o.Missed != 1 {
			t.Errorf("the outcome of the newest is %+v", o)
		}
	})
	bubble(t, "with what the endpoint says, when even the newest is kept no more", func(t *testing.T) {
		w := newWorld(t)
		var newest uint64
		p := away(t, w, nil, func() {
			for range 3 {
				newest = w.decide(t, "a", "other") // UP, DOWN, UP
			}
			w.flood(t)
		})
		expectTold(t, w, "a", fmt.Sprintf("DOWN %d missed 0", w.runs()[0].Event.ID), fmt.Sprintf("UP %d missed 2", newest))
		run := w.runs()[1]
		if e, _ := w.machine.View().Endpoint("a"); run.Event.Key == "a" && (run.Event.From != health.Down || !run.Event.Time.Equal(e.Since) || run.Event.Sequence != e.Sequence) {
			t.Errorf("the event is %+v", run.Event)
		}
		if s := p.Status(); s.Gaps != 1 || s.MadeUp != 1 || s.Dropped != 1 || s.Waiting+s.Running+s.Unreported != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "and not with an endpoint that is as it was", func(t *testing.T) {
		w := newWorld(t)
		p := away(t, w, nil, func() {
			for range 2 {
				w.decide(t, "a", "other") // UP, DOWN
			}
			w.flood(t)
		})
		if got := w.told("a"); len(got) != 1 {
			t.Errorf("the scripts were told %q", got)
		}
		if s := p.Status(); s.Gaps != 1 || s.Missed < 2 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "though it is as it was, when the script had failed", func(t *testing.T) {
		w := newWorld(t)
		w.setScript(func(j notify.Job) reply { return reply{code: 2} })
		away(t, w, nil, func() {
			w.setScript(func(notify.Job) reply { return reply{} })
			for range 2 {
				w.decide(t, "a", "other") // UP, DOWN
			}
			w.flood(t)
		})
		if got := w.told("a"); len(got) != 2 {
			t.Errorf("the scripts were told %q", got)
		}
	})
	bubble(t, "though it is as it was, when a run was cut short", func(t *testing.T) {
		w := newWorld(t)
		w.keep(t, 5)
		w.watch(t, "a")
		w.setScript(func(notify.Job) reply { return reply{takes: time.Hour} })
		ledger := notify.NewMemoryLedger()
		config := w.config(ledger)
		p := begin(t, config)
		w.decide(t, "a", "other")
		pass(time.Second)
		_ = p.stop()
		w.setScript(func(notify.Job) reply { return reply{} })
		for range 2 {
			w.decide(t, "a", "other")
		}
		w.flood(t)
		config.Start = w.machine.View().Index()
		begin(t, config)
		pass(time.Minute)
		if got, want := w.told("a"), fmt.Sprintf("DOWN %d missed 1", lastEvent(t, w, "a")); len(got) != 2 || got[1] != want {
			t.Errorf("the scripts were told %q", got)
		}
	})
	bubble(t, "again after a crash in the middle of the run that bridges it", func(t *testing.T) {
		w := newWorld(t)
		w.keep(t, 5)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		config := w.config(ledger)
		p := begin(t, config)
		pass(time.Second)
		_ = p.stop()
		gone := w.decide(t, "a", "other")
		w.flood(t)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Hour} })
		config.Start = w.machine.View().Index()
		p = begin(t, config)
		pass(time.Second)
		after := ledger.Crash()
		_ = p.stop()
		w.setScript(func(notify.Job) reply { return reply{} })
		config.Ledger, config.Start = after, w.machine.View().Index()
		p = begin(t, config)
		pass(time.Minute)
		var attempts []string
		for _, r := range w.runs() {
			if r.Event.Key == "a" {
				attempts = append(attempts, fmt.Sprintf("%v %d/%d", r.Event.To, r.Event.ID, r.Attempt))
			}
		}
		if want := []string{fmt.Sprintf("DOWN %d/1", gone), fmt.Sprintf("DOWN %d/2", gone)}; !slices.Equal(attempts, want) {
			t.Errorf("the runs were %q, not %q", attempts, want)
		}
		if s := p.Status(); s.Waiting+s.Running != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "and a new event takes the place of the run that bridges it", func(t *testing.T) {
		w := newWorld(t)
		w.keep(t, 5)
		w.watch(t, "a", "long")
		config := w.config(notify.NewMemoryLedger())
		config.MaxRunning = 1
		p := begin(t, config)
		pass(time.Second)
		_ = p.stop()
		w.decide(t, "a", "other")
		w.flood(t)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Minute} })
		w.decide(t, "long", "other")
		begin(t, config)
		pass(time.Second)
		w.setScript(func(notify.Job) reply { return reply{} })
		e := w.decide(t, "a", "other")
		pass(time.Hour)
		told := w.told("a")
		if want := fmt.Sprintf("UP %d missed 0", e); told[len(told)-1] != want || len(told) > 2 {
			t.Errorf("the scripts were told %q, and at last not %q", told, want)
		}
	})
	bubble(t, "for endpoints that were added meanwhile, but not for a baseline", func(t *testing.T) {
		w := newWorld(t)
		away(t, w, nil, func() {
			w.watch(t, "new", "only a baseline")
			for range 3 {
				w.decide(t, "new", "other")
			}
			w.do(t, fsm.DeleteEndpoint{Key: "b"})
			w.flood(t)
		})
		expectTold(t, w, "new", fmt.Sprintf("DOWN %d missed 2", lastEvent(t, w, "new")))
		expectTold(t, w, "only a baseline")
		expectTold(t, w, "b")
	})
	bubble(t, "not at all under skip, but for events that are kept", func(t *testing.T) {
		w := newWorld(t)
		skip := func(c *notify.Config) { c.Missed = notify.Skip }
		var kept uint64
		p := away(t, w, skip, func() {
			w.decide(t, "a", "other")
			w.flood(t)
			kept = w.decide(t, "b", "other")
		})
		if got := w.told("a"); len(got) != 1 {
			t.Errorf("the scripts were told %q", got)
		}
		expectTold(t, w, "b", fmt.Sprintf("DOWN %d missed 0", kept))
		if s := p.Status(); s.Gaps != 1 || s.Missed == 0 || s.MadeUp != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "and sees none when it kept up", func(t *testing.T) {
		w := newWorld(t)
		w.keep(t, 5)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		for range 20 {
			w.decide(t, "a", "other")
			pass(time.Second)
		}
		if s := p.Status(); s.Gaps+s.Missed+s.MadeUp+s.Dropped != 0 || len(w.runs()) != 20 {
			t.Errorf("%d runs, and the status is %+v", len(w.runs()), s)
		}
	})
}

func TestNotifier_RemembersNoMoreThanThereIs(t *testing.T) {
	bubble(t, "of endpoints", func(t *testing.T) {
		w := newWorld(t)
		ledger := notify.NewMemoryLedger()
		begin(t, w.config(ledger))
		for i := range 20 {
			key := fmt.Sprint("key ", i)
			w.watch(t, key)
			w.decide(t, key, "other")
			pass(time.Second)
			w.do(t, fsm.DeleteEndpoint{Key: key})
		}
		w.watch(t, "key 0")
		e := w.decide(t, "key 0", "other")
		pass(time.Minute)
		record := load(t, ledger)
		if a := record.Acted["key 0"]; len(record.Acted) != 1 || a.Event != e || a.State != health.Down || a.Sequence != 2 {
			t.Errorf("it remembers %+v", record.Acted)
		}
	})
}

func TestNotifier_WithoutItsLedger(t *testing.T) {
	lose := func(c *notify.Config) { c.Ledger, c.Returning = notify.NewMemoryLedger(), true }
	bubble(t, "that was lost notifies what it can't prove to have done", func(t *testing.T) {
		w := newWorld(t)
		var missed uint64
		p := away(t, w, lose, func() { missed = w.decide(t, "b", "other") })
		if got := w.told("a"); len(got) != 1 {
			t.Errorf("of what the cluster knows to be done the scripts were told again: %q", got)
		}
		expectTold(t, w, "b", fmt.Sprintf("DOWN %d missed 0", missed))
		if s := p.Status(); s.Gaps != 1 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "that was lost with events that are forgotten", func(t *testing.T) {
		w := newWorld(t)
		away(t, w, lose, func() {
			w.decide(t, "a", "other")
			w.flood(t)
		})
		if got, want := w.told("a"), fmt.Sprintf("UP %d missed %d", lastEvent(t, w, "a"), fsm.MissedUnknown); len(got) != 2 || got[1] != want {
			t.Errorf("the scripts were told %q", got)
		}
		expectTold(t, w, "b") // it had but a baseline, before this node's time
	})
	bubble(t, "that was lost skips if it is told to, and says so of each event", func(t *testing.T) {
		w := newWorld(t)
		var first, second uint64
		p := away(t, w, func(c *notify.Config) { lose(c); c.Missed = notify.Skip }, func() {
			first = w.decide(t, "b", "other")
			second = w.decide(t, "b", "other")
		})
		expectTold(t, w, "b")
		for _, e := range []uint64{first, second} {
			if o := w.outcome(t, e); o.Ending != fsm.Gap || o.Attempt != 0 || o.Problem == "" {
				t.Errorf("the outcome is %+v", o)
			}
		}
		if s := p.Status(); s.Gaps != 1 || s.Missed != 2 || s.Unreported != 0 {
			t.Errorf("the status is %+v", s)
		}
		next := w.decide(t, "b", "other")
		pass(time.Second)
		expectTold(t, w, "b", fmt.Sprintf("DOWN %d missed 0", next))
	})
	bubble(t, "nor the disk that it was on is a new node", func(t *testing.T) {
		w := newWorld(t)
		p := away(t, w, func(c *notify.Config) { c.Ledger = notify.NewMemoryLedger() }, func() { w.decide(t, "b", "other") })
		expectTold(t, w, "b")
		if s := p.Status(); s.Gaps != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "but with an older copy runs nothing behind what it did", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		ledger := notify.NewMemoryLedger()
		config := w.config(ledger)
		p := begin(t, config)
		w.hear(false)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Hour} })
		older := w.decide(t, "a", "other")
		pass(time.Second)
		record := load(t, ledger) // has a run of older that is under way
		copied := notify.NewMemoryLedger()
		if err := copied.Write(notify.Batch{
			Node: record.Node, Cluster: record.Cluster, Cursor: record.Cursor, Origin: record.Origin, Entries: map[uint64]*notify.Entry{older: new(record.Entries[older])},
		}); err != nil {
			t.Fatal(err)
		}
		newer := w.decide(t, "a", "other")
		_ = p.stop()
		w.setScript(func(notify.Job) reply { return reply{} })
		// The newer one was done and reported; of the older one nobody heard.
		w.do(t, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: newer, Node: "self", Role: fsm.Follower, Ending: fsm.Done, Attempt: 1}})
		w.hear(true)
		runs := len(w.runs())
		config.Ledger, config.Start = copied, w.machine.View().Index()
		p = begin(t, config)
		pass(time.Minute)
		if again := w.story()[runs:]; len(again) > 0 {
			t.Errorf("the scripts ran again: %q", again)
		}
		if o := w.outcome(t, older); o.Ending != fsm.Superseded {
			t.Errorf("the outcome is %+v", o)
		}
		if s := p.Status(); s.Gaps != 1 || s.Waiting != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "of this membership runs nothing of the time between", func(t *testing.T) {
		w := newWorld(t)
		p := away(t, w, nil, func() {
			w.do(t, fsm.RemoveObserver{Node: "self"})
			w.decide(t, "b", "other")
		})
		expectTold(t, w, "b")
		e := w.decide(t, "b", "other")
		pass(time.Second)
		expectTold(t, w, "b", fmt.Sprintf("UP %d missed 0", e))
		if s := p.Status(); s.Waiting+s.Unreported != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
}

package notify_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/notify"
	"tocsin/script"
)

// TestNotifier_KeepsItsPromisesThroughCrashes plays random stories of events,
// scripts that fail, changes of leadership and crashes at any write and any
// start of a script, and then looks at what happened.
func TestNotifier_KeepsItsPromisesThroughCrashes(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		story := drawStory(rt)
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = play(t, story, seen) })
		for _, f := range faults {
			rt.Error(f)
		}
	})
	for _, what := range []string{"crash before a write", "crash after a write", "crash at a start", "run again after a crash", "superseded", "gave-up", "taken over", "ledger failed", "stopped in order"} {
		if seen[what] == 0 {
			t.Errorf("in no story there was: %s", what)
		}
	}
	t.Log(seen)
}

// story is what a play does, drawn beforehand so that it can be shrunk.
type story struct {
	deeds   []deed
	replies []reply
}

type deed struct {
	what   string
	key    string
	number int
}

func drawStory(rt *rapid.T) story {
	return story{
		deeds: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) deed {
			return deed{
				what: rapid.SampledFrom([]string{
					"decide", "decide", "decide", "decide", "pass", "pass", "pass", "delete", "lead", "follow", "hear", "deaf",
					"kill", "kill before write", "kill after write", "kill at start", "stop", "break ledger", "mend ledger", "start", "start",
				}).Draw(rt, "what"),
				key:    rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key"),
				number: rapid.IntRange(1, 5).Draw(rt, "number"),
			}
		}), 1, 60).Draw(rt, "deeds"),
		replies: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) reply {
			return reply{
				code:  rapid.SampledFrom([]int{0, 0, 0, 1, 1, 1, 2}).Draw(rt, "code"),
				takes: time.Duration(rapid.IntRange(0, 3000).Draw(rt, "takes")) * time.Millisecond,
			}
		}), 1, 20).Draw(rt, "replies"),
	}
}

// stage is where one story is played.
type stage struct {
	*world
	seen map[string]int

	guard  sync.Mutex
	faults []string
	ended  map[string]bool // "event/attempt" whose end is durable

	disk    *mortal
	process int      // number of the one that runs, or ran last
	alive   *process // nil while down
	config  notify.Config
}

func (s *stage) fault(format string, args ...any) {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

func (s *stage) happened(what string) {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.seen[what]++
}

// play plays a story to its end and returns which promises were broken.
func play(t *testing.T, story story, seen map[string]int) []string {
	s := &stage{world: newWorld(t), seen: seen, ended: map[string]bool{}}
	s.watch(t, "a", "b", "c")
	runs := 0
	s.setScript(func(notify.Job) reply {
		runs++
		return story.replies[runs%len(story.replies)]
	})
	s.config = s.world.config(nil)
	s.config.MaxRunning = 2
	s.disk = &mortal{MemoryLedger: notify.NewMemoryLedger(), stage: s}
	s.start(t)
	pass(time.Millisecond)
	for _, d := range story.deeds {
		s.act(t, d)
		synctest.Wait()
		s.bury()
	}
	// All faults end, and there is time for everything.
	s.disk.set(0, false, false)
	s.disk.killAtStart(0)
	s.setScript(func(notify.Job) reply { return reply{} })
	s.hear(true)
	s.lead(true)
	s.silence("other", true)
	s.start(t)
	pass(time.Hour)
	s.judge()
	_ = s.alive.stop()
	return s.faults
}

func (s *stage) act(t *testing.T, d deed) {
	switch d.what {
	case "decide":
		if _, there := s.machine.View().Endpoint(d.key); !there {
			s.watch(t, d.key)
		}
		s.decide(t, d.key, []string{"self", "other"}[d.number%2])
	case "delete":
		s.do(t, fsm.DeleteEndpoint{Key: d.key})
	case "pass":
		time.Sleep(time.Duration(d.number*d.number) * 100 * time.Millisecond)
	case "lead", "follow":
		s.lead(d.what == "lead")
		s.silence("other", d.number > 3)
		if s.alive != nil {
			s.alive.LeadershipChanged()
		}
	case "hear", "deaf":
		s.hear(d.what == "hear")
	case "kill":
		s.disk.kill()
	case "kill before write", "kill after write":
		s.disk.set(d.number, d.what == "kill after write", false)
	case "kill at start":
		s.disk.killAtStart(d.number)
	case "break ledger", "mend ledger":
		s.disk.set(0, false, d.what == "break ledger")
	case "stop":
		if s.alive != nil {
			if err := s.alive.stop(); err == nil {
				s.happened("stopped in order")
			}
			s.alive = nil
		}
	case "start":
		s.start(t)
	}
}

// bury ends a process whose disk has crashed.
func (s *stage) bury() {
	after := s.disk.remains()
	if after == nil {
		return
	}
	if s.alive != nil {
		_ = s.alive.stop()
		s.alive = nil
	}
	s.disk = &mortal{MemoryLedger: after, stage: s}
}

func (s *stage) start(t *testing.T) {
	s.bury()
	if s.alive != nil {
		return
	}
	s.process++
	disk, number := s.disk, s.process
	config := s.config
	config.Ledger = disk
	config.StopGrace = []time.Duration{-1, time.Second}[number%2]
	config.Runner = runnerFunc(func(ctx context.Context, job notify.Job) script.Result {
		disk.starting()
		s.watchStart(number, disk, job)
		return s.perform(ctx, run{Job: job, process: number}, func() bool { return disk.remains() != nil })
	})
	s.alive = begin(t, config)
}

type runnerFunc func(context.Context, notify.Job) script.Result

func (f runnerFunc) Run(ctx context.Context, job notify.Job) script.Result { return f(ctx, job) }

// watchStart looks at a start of a script before it is let run.
func (s *stage) watchStart(process int, disk *mortal, job notify.Job) {
	if record, err := disk.Load(); err == nil {
		entry := record.Entries[job.Event.ID]
		if entry.Stage != notify.Started || entry.Attempt != job.Attempt || entry.Role != job.Role {
			s.fault("attempt %d of event %d was started while the ledger says %+v", job.Attempt, job.Event.ID, entry)
		}
	}
	if job.Event.Baseline {
		s.fault("baseline %d was notified", job.Event.ID)
	}
	running := 1
	for _, r := range s.runs() {
		if !r.ended && r.process == process {
			running++
		}
		if r.Event.Key != job.Event.Key {
			continue
		}
		if r.Event.ID > job.Event.ID {
			s.fault("event %d was started after event %d", job.Event.ID, r.Event.ID)
		}
		if !r.ended && r.process == process {
			s.fault("event %d was started while event %d was running", job.Event.ID, r.Event.ID)
		}
	}
	if running > 2 {
		s.fault("%d scripts run, 2 are allowed", running)
	}
}

// judge looks at what happened, when all is over.
func (s *stage) judge() {
	last := map[uint64]run{}
	for _, r := range s.runs() {
		before, again := last[r.Event.ID]
		last[r.Event.ID] = r
		if !again {
			continue
		}
		if r.Attempt <= before.Attempt {
			s.fault("event %d: attempt %d came after attempt %d", r.Event.ID, r.Attempt, before.Attempt)
		}
		died := before.process != r.process && !s.ended[fmt.Sprintf("%d/%d", r.Event.ID, before.Attempt)]
		tookOver := before.ended && before.Role == fsm.Follower && r.Role == fsm.Leader
		switch {
		case died:
			s.happened("run again after a crash")
		case tookOver && before.code != 1:
			s.happened("taken over")
		case before.code != 1:
			s.fault("event %d was run again for no reason: %+v after %+v", r.Event.ID, r, before)
		}
	}
	view := s.machine.View()
	for e := range view.EventsAfter(s.config.Start) {
		o, ok := view.Outcome(e.ID, "self")
		if e.Baseline {
			if ok {
				s.fault("baseline %d has an outcome: %+v", e.ID, o)
			}
			continue
		}
		if !ok {
			s.fault("event %d vanished in silence; the status is %+v", e.ID, s.alive.Status())
			continue
		}
		s.happened(string(o.Ending))
		r, ran := last[e.ID]
		endpoint, there := view.Endpoint(e.Key)
		current := there && endpoint.Generation == e.Generation
		switch {
		case o.Ending == fsm.Done && (!ran || r.code != 0 || !r.ended || o.Attempt != r.Attempt):
			s.fault("event %d is said to be done: %+v, and it ran as %+v", e.ID, o, r)
		case o.Ending == fsm.Superseded && current && endpoint.LastEvent == e.ID:
			s.fault("event %d is the newest and was dropped: %+v", e.ID, o)
		case o.Ending == fsm.Superseded && current && ran && r.cut:
			s.fault("event %d was cut short and not run again: %+v", e.ID, o)
		case o.Ending == fsm.GaveUp && !ran:
			s.fault("event %d was given up without a run: %+v", e.ID, o)
		}
	}
	for e := range view.AwaitingLeader() {
		s.fault("event %d was never run as leader", e.ID)
	}
	if st := s.alive.Status(); st.Cursor != st.Head || st.Waiting+st.Running+st.Unreported > 0 || st.Stuck != "" || st.Gaps+st.Dropped > 0 {
		s.fault("in the end the status is %+v", st)
	}
}

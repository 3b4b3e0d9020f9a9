package notify_test

import (
	"context"
	"fmt"
	"slices"
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
	missing := func() (all []string) {
		for _, what := range []string{"crash before a write", "crash after a write", "crash at a start", "run again after a crash", "superseded", "gave-up", "taken over", "ledger failed", "stopped in order", "gap", "missed some", "ledger lost", "older ledger put back", "asked to retry", "run again as asked"} {
			if seen[what] == 0 {
				all = append(all, what)
			}
		}
		return all
	}
	// Some things are rare: more stories are told until each has happened.
	for round := 0; round < 3 || round < 30 && len(missing()) > 0; round++ {
		rapid.Check(t, func(rt *rapid.T) {
			story := drawStory(rt)
			var faults []string
			synctest.Test(t, func(t *testing.T) { faults = play(t, story, seen) })
			for _, f := range faults {
				rt.Error(f)
			}
		})
	}
	if never := missing(); len(never) > 0 {
		t.Errorf("in no story there was: %q", never)
	}
	t.Log(seen)
}

// story is what a play does, drawn beforehand so that it can be shrunk.
type story struct {
	deeds   []deed
	replies []reply
	keep    int // events
	policy  notify.Policy
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
					"decide", "decide", "decide", "decide", "decide", "pass", "pass", "pass", "delete", "lead", "follow", "hear", "deaf",
					"flood", "flood", "lose ledger", "save ledger", "put back ledger",
					"kill", "kill before write", "kill after write", "kill at start", "stop", "break ledger", "mend ledger", "start", "start",
					"retry", "retry",
				}).Draw(rt, "what"),
				key:    rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key"),
				number: rapid.IntRange(1, 5).Draw(rt, "number"),
			}
		}), 20, 60).Draw(rt, "deeds"),
		keep:   rapid.SampledFrom([]int{1, 2, 5, 1000}).Draw(rt, "keep"),
		policy: rapid.SampledFrom([]notify.Policy{notify.Current, notify.Current, notify.Skip}).Draw(rt, "policy"),
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
	ended  map[string]bool // "ledger/event/attempt" whose end is durable

	disk    *mortal
	process int      // number of the one that runs, or ran last
	alive   *process // nil while down
	config  notify.Config
	story   story
	born    uint64                // the index at which the first process was registered
	saved   *notify.MemoryLedger  // a copy of the ledger, nil if none was made
	older   bool                  // it was put back once
	lives   int                   // how many ledgers there were
	life    map[int]int           // the ledger that a process had, by its number
	decided map[uint64]*fsm.Event // all events that ever were
	asked   map[uint64][]int      // how many runs there had been when an event was asked to be run again
}

// decide changes the state of an endpoint, and takes note of the event.
func (s *stage) decide(t *testing.T, key, leader string) {
	id := s.world.decide(t, key, leader)
	s.decided[id], _ = s.machine.View().Event(id)
}

// watch adds an endpoint that is up.
func (s *stage) watch(t *testing.T, key string) {
	s.do(t, fsm.SetEndpoint{Key: key, Value: "value of " + key})
	s.decide(t, key, "other")
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
	s := &stage{
		world: newWorld(t), seen: seen, ended: map[string]bool{}, story: story,
		life: map[int]int{}, decided: map[uint64]*fsm.Event{}, asked: map[uint64][]int{},
	}
	s.keep(t, story.keep)
	for _, key := range []string{"a", "b", "c"} {
		s.watch(t, key)
	}
	runs := 0
	s.setScript(func(notify.Job) reply {
		runs++
		return story.replies[runs%len(story.replies)]
	})
	s.config = s.world.config(nil)
	s.config.MaxRunning = 2
	s.config.Missed = story.policy
	s.born = s.config.Start
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
	case "flood":
		if _, there := s.machine.View().Endpoint(d.key); there {
			for range 2 * d.number {
				s.decide(t, d.key, "other")
			}
		}
	case "lose ledger", "save ledger", "put back ledger":
		s.tamper(t, d.what)
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
	case "retry":
		s.retry(t, d.key)
	}
}

// retry asks for the newest event of an endpoint to be run again, if it was
// given up.
func (s *stage) retry(t *testing.T, key string) {
	e, there := s.machine.View().Endpoint(key)
	if !there || e.LastEvent == 0 {
		return
	}
	if o, ended := s.machine.View().Outcome(e.LastEvent, "self"); !ended || o.Ending != fsm.GaveUp {
		return
	}
	s.asked[e.LastEvent] = append(s.asked[e.LastEvent], len(s.runs()))
	s.do(t, fsm.RetryNotification{Event: e.LastEvent})
	s.happened("asked to retry")
}

// askedBetween reports whether an event was asked to be run again after so many
// runs of all and before so many.
func (s *stage) askedBetween(event uint64, after, before int) bool {
	return slices.ContainsFunc(s.asked[event], func(at int) bool { return at > after && at <= before })
}

// tamper ends the process and does something to its ledger.
func (s *stage) tamper(t *testing.T, what string) {
	if what == "put back ledger" && s.saved == nil {
		what = "save ledger"
	}
	s.disk.kill()
	s.bury()
	switch what {
	case "lose ledger":
		s.disk = &mortal{MemoryLedger: notify.NewMemoryLedger(), stage: s}
		s.happened("ledger lost")
	case "save ledger":
		s.saved = copyOf(t, s.disk)
		return
	default:
		s.disk = &mortal{MemoryLedger: copyOf(t, s.saved), stage: s}
		s.older = true
		s.happened("older ledger put back")
	}
	s.lives++
}

// copyOf returns a ledger that holds the same.
func copyOf(t *testing.T, of notify.Ledger) *notify.MemoryLedger {
	r, err := of.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := notify.Batch{Node: r.Node, Cluster: r.Cluster, Cursor: r.Cursor, Origin: r.Origin, Epoch: r.Epoch, Entries: map[uint64]*notify.Entry{}, Outbox: map[uint64]*fsm.Outcome{}, Acted: map[string]*notify.Acted{}}
	for id, e := range r.Entries {
		b.Entries[id] = &e
	}
	for id, o := range r.Outbox {
		b.Outbox[id] = &o
	}
	for key, a := range r.Acted {
		b.Acted[key] = &a
	}
	to := notify.NewMemoryLedger()
	if err := to.Write(b); err != nil {
		t.Fatal(err)
	}
	return to
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
	s.life[s.process] = s.lives
	s.config.Start = s.do(t, fsm.RegisterObserver{Node: "self", Incarnation: fmt.Sprint("process ", s.process)})
	s.config.Returning = s.process > 1
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
		if s.older && s.life[r.process] != s.life[process] {
			continue // nobody can know what the ledger forgot
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
	last, lastAt := map[uint64]run{}, map[uint64]int{}
	for at, r := range s.runs() {
		before, again := last[r.Event.ID]
		asked := s.askedBetween(r.Event.ID, lastAt[r.Event.ID], at)
		last[r.Event.ID], lastAt[r.Event.ID] = r, at
		s.judgeMissed(r)
		if again && s.life[before.process] != s.life[r.process] {
			continue // its ledger did not know
		}
		if !again {
			continue
		}
		if r.Attempt <= before.Attempt {
			s.fault("event %d: attempt %d came after attempt %d", r.Event.ID, r.Attempt, before.Attempt)
		}
		died := before.process != r.process && !s.ended[fmt.Sprintf("%d/%d/%d", s.life[before.process], r.Event.ID, before.Attempt)]
		tookOver := before.ended && before.Role == fsm.Follower && r.Role == fsm.Leader
		// An attempt in between was written down and died before its script ran.
		diedAtStart := r.Attempt > before.Attempt+1
		switch {
		case died, diedAtStart:
			s.happened("run again after a crash")
		case tookOver && before.code != 1:
			s.happened("taken over")
		case asked && before.code != 0:
			s.happened("run again as asked")
		case before.code != 1:
			s.fault("event %d was run again for no reason: %+v after %+v", r.Event.ID, r, before)
		}
	}
	view := s.machine.View()
	for e := range view.EventsAfter(s.born) {
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
		case s.lives > 0 && (o.Ending == fsm.Done || o.Ending == fsm.Gap || ran && r.cut):
			// What was reported of a run may be older than the last run, and
			// that one unknown.
		case o.Ending == fsm.Gap:
			s.fault("event %d was passed over with all that there is in the ledger: %+v", e.ID, o)
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
	for o := range view.AwaitingRetry() {
		s.fault("event %d was to be run again and was not: %+v", o.Event, o)
	}
	for e := range view.AwaitingLeader() {
		if s.story.policy == notify.Current {
			s.fault("event %d was never run as leader", e.ID)
		}
	}
	st := s.alive.Status()
	if st.Cursor < st.Head || st.Waiting+st.Running+st.Unreported > 0 || st.Stuck != "" {
		s.fault("in the end the status is %+v", st)
	}
	if untroubled := s.story.keep >= 1000 && s.lives == 0; untroubled && st.Missed+st.MadeUp+st.Dropped > 0 {
		s.fault("nothing was ever out of reach, and the status is %+v", st)
	}
	for e := range view.Endpoints("") {
		s.judgePresent(e)
	}
}

// judgeMissed checks that what a script was told to have been missed was.
func (s *stage) judgeMissed(r run) {
	if r.Missed == 0 {
		return
	}
	s.happened("missed some")
	before := 0
	for _, e := range s.decided {
		if e.Key == r.Event.Key && e.Generation == r.Event.Generation && !e.Baseline && e.ID < r.Event.ID {
			before++
		}
	}
	if s.story.keep >= 1000 || r.Missed > before {
		s.fault("the script was told that %d events were missed before event %d, and there were %d", r.Missed, r.Event.ID, before)
	}
}

// judgePresent checks that the scripts were told what is so in the end.
func (s *stage) judgePresent(e *fsm.Endpoint) {
	if e.Sequence < 2 || e.LastEvent <= s.born || s.story.policy == notify.Skip {
		return
	}
	var told run // the last one of this endpoint that came to its end
	for _, r := range s.runs() {
		if r.Event.Key == e.Key && r.Event.Generation == e.Generation && !r.cut {
			told = r
		}
	}
	switch {
	case told.Event == nil:
		s.fault("nobody was ever told of %q, which is %v since event %d", e.Key, e.State, e.LastEvent)
	case told.Event.ID == e.LastEvent:
		// Done, or given up on, which the outcome says.
	case told.code != 0 || told.Event.To != e.State:
		s.fault("%q is %v since event %d, and the script was told last %v of event %d with exit code %d", e.Key, e.State, e.LastEvent, told.Event.To, told.Event.ID, told.code)
	}
}

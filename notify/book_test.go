package notify_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
)

// What is open can be seen from outside, in each phase, and is seen no more when
// it has ended.
func TestNotifier_ShowsWhatIsOpen(t *testing.T) {
	bubble(t, "from the first attempt to the end", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		var heals atomic.Bool
		w.setScript(func(job notify.Job) reply {
			if job.Event.Key == "a" && !heals.Load() {
				return reply{takes: time.Second, code: 1}
			}
			return reply{takes: time.Second}
		})
		p := begin(t, w.config(notify.NewMemoryLedger()))
		pass(time.Second)
		event := w.decide(t, "a", "other")
		w.decide(t, "b", "other")
		pass(500 * time.Millisecond)

		open := p.Open("a", 10)
		if len(open) != 1 {
			t.Fatalf("of a there is open %+v", open)
		}
		o := open[0]
		if o.Event != event || o.Key != "a" || o.To == health.Unknown || o.Phase != notify.PhaseRunning || o.Attempt != 1 || o.Limit != 3 ||
			o.Role != fsm.Follower || o.ExitCode != -1 || time.Since(o.Changed) != 500*time.Millisecond {
			t.Errorf("during the first attempt: %+v", o)
		}
		if all := p.Open("", 10); len(all) != 2 || all[0].Event > all[1].Event {
			t.Errorf("all that is open: %+v", all)
		}
		if one := p.Open("", 1); len(one) != 1 || one[0].Event != event {
			t.Errorf("the first one that is open: %+v", one)
		}

		pass(600 * time.Millisecond)
		if open = p.Open("", 10); len(open) != 1 {
			t.Fatalf("when b is done: %+v", open)
		}
		o = open[0]
		if o.Phase != notify.PhasePausing || !o.Until.After(time.Now()) || o.ExitCode != 1 || !strings.Contains(o.Problem, "exit code 1") {
			t.Errorf("between two attempts: %+v", o)
		}
		heals.Store(true)
		pass(time.Minute)
		if open = p.Open("", 10); len(open) != 0 {
			t.Errorf("in the end: %+v", open)
		}
	})
}

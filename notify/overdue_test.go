package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/notify"
	"tocsin/script"
)

// A script that can't even be killed holds its place and its lane. Nothing can
// be done about that, but it must be seen.
func TestNotifier_TellsOfScriptsThatDoNotComeBack(t *testing.T) {
	bubble(t, "when they are long past their deadline", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "hangs 1", "hangs 2", "hangs 3", "hangs 4", "b")
		thaw := make(chan struct{})
		config := w.config(notify.NewMemoryLedger())
		config.Runner = runnerFunc(func(ctx context.Context, job notify.Job) script.Result {
			if strings.HasPrefix(job.Event.Key, "hangs") {
				<-thaw // whatever happens to ctx
			}
			return w.Run(ctx, job)
		})
		p := begin(t, config)
		timeout := time.Duration(w.machine.View().Settings().NotifyTimeout)
		first := w.decide(t, "hangs 1", "other")
		pass(time.Second)
		for i := range 3 {
			w.decide(t, fmt.Sprint("hangs ", i+2), "other")
		}
		late := w.decide(t, "b", "other")
		pass(timeout + 10*time.Second)
		if s := p.Status(); s.Overdue != 0 || s.Stuck != "" || s.Running != 4 {
			t.Errorf("just before, the status is %+v", s)
		}
		pass(time.Second + time.Millisecond)
		if s := p.Status(); s.Overdue != 1 || !strings.Contains(s.Stuck, "1 of 4 scripts") {
			t.Errorf("just after, the status is %+v", s)
		}
		pass(time.Hour)
		if s := p.Status(); s.Overdue != 4 || !strings.Contains(s.Stuck, "4 of 4 scripts") || s.Waiting != 1 {
			t.Errorf("an hour later the status is %+v", s)
		}
		close(thaw)
		pass(time.Second)
		if s := p.Status(); s.Overdue != 0 || s.Stuck != "" || s.Running+s.Waiting != 0 {
			t.Errorf("in the end the status is %+v", s)
		}
		w.outcome(t, first)
		w.outcome(t, late)
	})
}

package notify_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
	"tocsin/script"
)

// liveHeap returns how many bytes are in use.
func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// talkative is what a script leaves that prints as much as is kept.
func talkative(code int) script.Result {
	return script.Result{
		ExitCode: code, Stdout: strings.Repeat("x", script.DefaultMaxOutput), Stderr: strings.Repeat("\n", script.DefaultMaxOutput),
	}
}

func TestNotifier_KeepsLittleOfWhatHasRun(t *testing.T) {
	const (
		runs = 400
		most = runs * 8 << 10 // each of which printed 128 KiB
	)
	begin := func(t *testing.T, w *world, runner runnerFunc) *process {
		settings := w.machine.View().Settings()
		settings.EventsKept = 20
		w.do(t, fsm.ChangeSettings{Settings: settings})
		config := w.config(notify.NewMemoryLedger())
		config.Runner = runner
		return begin(t, config)
	}
	bubble(t, "behind one that takes its time", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "slow", "b")
		p := begin(t, w, func(ctx context.Context, job notify.Job) script.Result {
			if job.Event.Key == "slow" {
				<-ctx.Done()
			}
			return talkative(0)
		})
		w.decide(t, "slow", "other")
		pass(time.Second)
		before := liveHeap()
		for range runs {
			w.decide(t, "b", "other")
			pass(time.Second)
		}
		if grown := liveHeap() - before; grown > most {
			t.Errorf("it grew by %d KiB, with %+v", grown>>10, p.Status())
		}
	})
	bubble(t, "between two attempts", func(t *testing.T) {
		w := newWorld(t)
		var keys []string
		for i := range runs {
			keys = append(keys, fmt.Sprint("endpoint ", i))
		}
		w.watch(t, keys...)
		p := begin(t, w, func(context.Context, notify.Job) script.Result { return talkative(1) })
		pass(time.Second)
		before := liveHeap()
		for _, key := range keys {
			w.decide(t, key, "other")
		}
		pass(100 * time.Millisecond)
		if grown := liveHeap() - before; grown > most {
			t.Errorf("it grew by %d KiB, with %+v", grown>>10, p.Status())
		}
		if s := p.Status(); s.Waiting == 0 {
			t.Errorf("the status is %+v", s)
		}
	})
}

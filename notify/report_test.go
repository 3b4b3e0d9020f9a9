package notify_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
)

// A node that was taken out of the cluster has nobody to report to: it says so
// once, and doesn't ask for ever.
func TestNotifier_DropsWhatTheClusterRefuses(t *testing.T) {
	bubble(t, "and says so once", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a", "b")
		var log bytes.Buffer
		ledger := notify.NewMemoryLedger()
		config := w.config(ledger)
		config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		p := begin(t, config)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Second} })
		w.decide(t, "a", "other")
		w.decide(t, "b", "other")
		w.do(t, fsm.RemoveObserver{Node: "self"})
		pass(time.Hour)
		if s := p.Status(); s.Unreported != 0 || s.Dropped != 2 {
			t.Errorf("the status is %+v", s)
		}
		if n := strings.Count(log.String(), "the cluster refuses outcomes"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
		if w.reports > 6 { // each outcome three times, together or not
			t.Errorf("%d reports", w.reports)
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if r := load(t, ledger); len(r.Outbox) != 0 {
			t.Errorf("the ledger holds %+v", r)
		}
	})
	bubble(t, "but not when it was only the leader that was new", func(t *testing.T) {
		w := newWorld(t)
		w.watch(t, "a")
		p := begin(t, w.config(notify.NewMemoryLedger()))
		e := w.decide(t, "a", "other")
		w.do(t, fsm.RemoveObserver{Node: "self"})
		pass(time.Minute - time.Second)
		w.do(t, fsm.RegisterObserver{Node: "self", Incarnation: "self again"})
		pass(time.Minute)
		w.outcome(t, e)
		if s := p.Status(); s.Unreported+int(s.Dropped) != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
}

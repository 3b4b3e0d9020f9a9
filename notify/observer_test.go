package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/notify"
)

// heard notes what an Observer is told. Only the goroutine of Run writes to it.
type heard struct {
	delays  []time.Duration
	ran     []string
	endings []fsm.Ending
	reports []bool
}

func (h *heard) Started(delay time.Duration) { h.delays = append(h.delays, delay) }
func (h *heard) Ran(result notify.Result, took time.Duration) {
	h.ran = append(h.ran, fmt.Sprint(result, " ", took))
}
func (h *heard) Ended(e fsm.Ending) { h.endings = append(h.endings, e) }
func (h *heard) Reported(err error) { h.reports = append(h.reports, err == nil) }

func TestObserver(t *testing.T) {
	bubble(t, "hears of each run, each ending and each report", func(t *testing.T) {
		w, h := newWorld(t), &heard{}
		w.watch(t, "a")
		config := w.config(notify.NewMemoryLedger())
		config.Observer = h
		p := begin(t, config)
		w.setScript(func(j notify.Job) reply { return reply{code: max(2-j.Attempt, 0), takes: time.Second} })
		w.hear(false)
		w.decide(t, "a", "other")
		pass(4 * time.Second)
		w.hear(true)
		pass(time.Minute)
		w.setScript(func(notify.Job) reply { return reply{code: 2} })
		w.decide(t, "a", "other")
		pass(time.Minute)
		w.setScript(func(notify.Job) reply { return reply{takes: time.Hour} })
		w.decide(t, "a", "other")
		pass(time.Second)
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		if want := "failed 1s, succeeded 1s, refused 0s, cut-short 1s"; strings.Join(h.ran, ", ") != want {
			t.Errorf("runs: %s, want %s", strings.Join(h.ran, ", "), want)
		}
		if want := []fsm.Ending{fsm.Done, fsm.GaveUp}; !slices.Equal(h.endings, want) {
			t.Errorf("endings: %v, want %v", h.endings, want)
		}
		// A second run of one event is no start of another.
		if want := []time.Duration{0, 0, 0}; !slices.Equal(h.delays, want) {
			t.Errorf("delays: %v, want %v", h.delays, want)
		}
		if !slices.Contains(h.reports, false) || !h.reports[len(h.reports)-1] {
			t.Errorf("reports: %v, want some that failed and then some that did not", h.reports)
		}
	})
}

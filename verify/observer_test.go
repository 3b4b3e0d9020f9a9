package verify_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// heard notes what an Observer is told. Only the goroutine of Run writes to it.
type heard struct {
	checked []verify.Sample
	dropped []fsm.Check
	stuck   []fsm.Check
}

func (h *heard) Checked(_ fsm.Check, s verify.Sample) { h.checked = append(h.checked, s) }
func (h *heard) Dropped(kind fsm.Check)               { h.dropped = append(h.dropped, kind) }
func (h *heard) Stuck(kind fsm.Check)                 { h.stuck = append(h.stuck, kind) }

// TestObserver_HearsOfEveryCheckOnce, whatever becomes of it.
func TestObserver_HearsOfEveryCheckOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Check = fsm.CheckTCP })
		c.set("db", "up")
		h := &heard{}
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			if r.Value == "hangs" {
				time.Sleep(time.Minute)
			}
			s := taking(time.Second, byValue)(ctx, r)
			s.TimedOut = r.Value == "down"
			return s
		}, func(cfg *verify.Config) { cfg.Observer = h })
		time.Sleep(time.Minute)
		c.set("db", "down")
		time.Sleep(time.Minute)
		c.set("db", "hangs")
		time.Sleep(3 * time.Second)
		c.set("db", "up") // while it hangs: what comes back is of no use
		time.Sleep(2 * time.Minute)
		w.stop()

		came := len(h.checked) + len(h.dropped)
		if ended := w.checks.count() - 1; came != ended && came != ended+1 { // one may have been under way at the end
			t.Errorf("%d checks came back, of %d", came, w.checks.count())
		}
		if len(h.dropped) == 0 || slices.ContainsFunc(h.dropped, func(k fsm.Check) bool { return k != fsm.CheckTCP }) {
			t.Errorf("dropped: %v", h.dropped)
		}
		if got := fmt.Sprint(h.stuck); got != "[tcp]" {
			t.Errorf("stuck: %s", got)
		}
		for _, s := range h.checked {
			if s.TimedOut != (s.Status == health.Down) || s.Duration != time.Second {
				t.Errorf("heard of %+v", s)
			}
		}
	})
}

package verify_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

func TestVerifier_ChecksNowWhenItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		w := start(t, c, taking(100*time.Millisecond, byValue), nil)
		time.Sleep(time.Minute)
		last := w.Samples("db")
		time.Sleep(time.Until(last[len(last)-1].Time.Add(2 * time.Second))) // well before the next one

		began := time.Now()
		s, err := w.CheckNow(t.Context(), "db")
		if err != nil || s.Status != health.Up || !s.Time.Equal(began) || time.Since(began) != 100*time.Millisecond || s.Late != 0 {
			t.Errorf("got %+v, %v after %v", s, err, time.Since(began))
		}
		if all := w.Samples("db"); all[len(all)-1] != s {
			t.Errorf("it is not the last sample: %+v", all)
		}
		n := w.checks.count()
		time.Sleep(8 * time.Second)
		if got := w.checks.count(); got != n {
			t.Errorf("%d more checks soon after, want the usual time", got-n)
		}
		time.Sleep(2 * time.Second)
		if got := w.checks.count(); got != n+1 {
			t.Errorf("%d more checks after an interval, want 1", got-n)
		}
	})
}

// TestVerifier_ChecksNowButNeverTwiceAtOnce holds that whoever asks in the middle
// of a check gets the next one, together with all others.
func TestVerifier_ChecksNowButNeverTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		w := start(t, c, taking(4*time.Second, byValue), nil)
		for w.checks.count() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		first := w.checks.of("db")[0].start
		time.Sleep(time.Second)
		samples := make(chan verify.Sample, 20)
		for range cap(samples) {
			go func() {
				s, err := w.CheckNow(t.Context(), "db")
				if err != nil {
					t.Error(err)
				}
				samples <- s
			}()
		}
		for range cap(samples) {
			if s := <-samples; s.Time.Sub(first) != 4*time.Second {
				t.Errorf("the check that it got began %v after the first one, want 4s", s.Time.Sub(first))
			}
		}
		if n := w.checks.count(); n != 2 {
			t.Errorf("%d checks, want 2", n)
		}
	})
}

func TestVerifier_ChecksNowOnlyWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		w := start(t, c, taking(4*time.Second, byValue), nil)
		time.Sleep(10 * time.Second)
		if _, err := w.CheckNow(t.Context(), "nothing"); !errors.Is(err, verify.ErrNotWatched) {
			t.Errorf("of an endpoint that is not there: %v", err)
		}
		deleted := make(chan error)
		go func() {
			_, err := w.CheckNow(t.Context(), "db")
			deleted <- err
		}()
		synctest.Wait()
		c.apply(fsm.DeleteEndpoint{Key: "db"})
		if err := <-deleted; !errors.Is(err, verify.ErrNotWatched) {
			t.Errorf("of one that is deleted meanwhile: %v", err)
		}
		c.set("db", "up")
		time.Sleep(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := w.CheckNow(ctx, "db"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("when nobody waits for so long: %v", err)
		}
		w.stop()
		if _, err := w.CheckNow(t.Context(), "db"); err == nil {
			t.Error("after the end it returns a sample")
		}
	})
}

package verify_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

func TestVerifier_RenewForgetsEveryVerdictAndChecksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(time.Hour) })
		c.set("a", "up")
		c.set("b", "down")
		w := start(t, c, byValue, nil)
		if p := w.Progress(); p.Open != 0 && p.Open != 2 {
			t.Errorf("before any check: %+v", p)
		}
		time.Sleep(30 * time.Minute)
		c.set("gone", "up")
		c.apply(fsm.DeleteEndpoint{Key: "gone"})
		synctest.Wait()
		if p := w.Progress(); p.Open != 0 || p.Renewals != 0 {
			t.Fatalf("after the first checks: %+v, want none open", p)
		}

		number := w.Renew()
		synctest.Wait()
		if p := w.Progress(); p.Open != 2 || p.Renewals != number {
			t.Errorf("right after: %+v, want two open and renewal %d", p, number)
		}
		if s, _ := w.Verdict("b"); s != health.Unknown || len(w.ballot.holds()) > 0 {
			t.Errorf("right after: %v, and the ballot holds %v, want nothing", s, w.ballot.holds())
		}
		if len(w.Samples("a")) == 0 {
			t.Error("the samples are gone")
		}
		time.Sleep(time.Second)
		if runs := w.checks.of("a"); time.Since(runs[len(runs)-1].start) > time.Second {
			t.Error("an endpoint with a long interval is not checked at once")
		}
		time.Sleep(30 * time.Minute) // its retry interval is a fifth of the interval
		if p := w.Progress(); p.Open != 0 || len(w.ballot.holds()) != 2 {
			t.Errorf("long after: %+v, the ballot holds %v", p, w.ballot.holds())
		}
	})
}

func TestVerifier_RenewDropsTheSampleOfACheckInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Fall, s.Rise = 1, 1 })
		c.set("db", "down")
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			return stubborn(4*time.Second, byValue)(ctx, r)
		}, nil)
		time.Sleep(2 * time.Second)
		w.Renew()
		w.Renew()
		time.Sleep(3 * time.Second)
		if held := w.ballot.holds(); len(held) > 0 || len(w.Samples("db")) > 0 {
			t.Errorf("what was in flight counts: %v", held)
		}
		time.Sleep(10 * time.Second)
		if held := w.ballot.holds(); len(held) != 1 || w.Progress().Renewals != 2 {
			t.Errorf("later: %v, %+v", held, w.Progress())
		}
	})
}

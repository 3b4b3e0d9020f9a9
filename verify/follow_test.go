package verify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

func TestVerifier_ARevisionStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		w := start(t, c, stubborn(3*time.Second, byValue), nil)
		time.Sleep(time.Minute)
		for w.Progress().Running == 0 { // into the middle of a check
			time.Sleep(time.Second)
		}
		if len(w.ballot.holds()) != 1 {
			t.Fatal("there is no verdict to take back")
		}
		before := len(w.checks.of("db"))

		c.set("db", "down")
		synctest.Wait()
		last := w.ballot.last()
		if want := []verify.Vote{{Slot: 0}}; last.index != c.index || !slices.Equal(last.votes, want) {
			t.Errorf("cast %+v, want %+v with the index %d", last, want, c.index)
		}
		if s, reason := w.Verdict("db"); s != health.Unknown || reason != "" {
			t.Errorf("the verdict is still %v (%s)", s, reason)
		}

		time.Sleep(20 * time.Second)
		runs := w.checks.of("db")
		old, next := runs[before-1], runs[before]
		if !old.cancelled {
			t.Error("the check in flight was not told to stop")
		}
		if next.start.Before(old.end) {
			t.Errorf("the next check started %v before the old one had ended", old.end.Sub(next.start))
		}
		if next.start.After(old.end.Add(time.Second)) {
			t.Errorf("the next check started %v after the old one", next.start.Sub(old.end))
		}
		samples := w.Samples("db")
		i := slices.IndexFunc(samples, func(s verify.Sample) bool { return s.Revision == c.index })
		if i <= 0 || !samples[i].Time.Equal(next.start) {
			t.Errorf("the samples of the new revision begin at %d: %+v", i, samples)
		}
		if samples[i-1].Time.Equal(old.start) {
			t.Error("the sample of the check in flight was kept")
		}
		if s, _ := w.Verdict("db"); s != health.Down {
			t.Errorf("the new verdict is %v", s)
		}
	})
}

func TestVerifier_ADeletedEndpointIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("a", "up")
		c.set("b", "down")
		w := start(t, c, taking(100*time.Millisecond, byValue), nil)
		time.Sleep(time.Minute)
		w.Forget("b") // does nothing: it is watched
		if len(w.Samples("b")) == 0 {
			t.Fatal("the samples of a watched endpoint were forgotten")
		}

		c.apply(fsm.DeleteEndpoint{Key: "b"})
		synctest.Wait()
		last := w.ballot.last()
		if want := []verify.Vote{{Slot: 1}}; last.index != c.index || !slices.Equal(last.votes, want) {
			t.Errorf("cast %+v, want %+v with the index %d", last, want, c.index)
		}
		n := len(w.checks.of("b"))
		time.Sleep(time.Hour)
		if more := len(w.checks.of("b")) - n; more != 0 {
			t.Errorf("%d checks after the deletion", more)
		}
		if keys := w.SampledKeys(); !slices.Equal(keys, []string{"a", "b"}) {
			t.Errorf("samples of %q: they should stay until they are forgotten", keys)
		}
		w.Forget("b")
		if keys := w.SampledKeys(); !slices.Equal(keys, []string{"a"}) || w.Samples("b") != nil {
			t.Errorf("samples of %q after b was forgotten", keys)
		}
		if p := w.Progress(); p.Watched != 1 {
			t.Errorf("%d watched", p.Watched)
		}
	})
}

func TestVerifier_AddedAgainIsANewEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Rise = 1 })
		c.set("a", "up")
		c.set("b", "up")
		w := start(t, c, stubborn(2*time.Second, byValue), nil)
		time.Sleep(time.Minute)
		for len(w.checks.of("a")) > 0 && w.Progress().Running == 0 {
			time.Sleep(time.Second)
		}

		// In one entry both go, and come back the other way round.
		c.apply(fsm.DeleteEndpoint{Key: "a"}, fsm.DeleteEndpoint{Key: "b"},
			fsm.SetEndpoint{Key: "b", Value: "down"}, fsm.SetEndpoint{Key: "a", Value: "up"})
		if c.endpoint("b").Slot != 0 || c.endpoint("a").Slot != 1 {
			t.Fatal("the slots were not given out the other way round")
		}
		synctest.Wait()
		last := w.ballot.last()
		if want := []verify.Vote{{Slot: 0}, {Slot: 1}}; last.index != c.index || !slices.Equal(last.votes, want) {
			t.Errorf("cast %+v, want %+v with the index %d", last, want, c.index)
		}
		if len(w.Samples("a"))+len(w.Samples("b")) != 0 {
			t.Error("samples of the earlier generation are left")
		}
		time.Sleep(30 * time.Second)
		held := w.ballot.holds()
		if held[0].Verdict != health.Down || held[1].Verdict != health.Up {
			t.Errorf("the ballot holds %+v", held)
		}
	})
}

func TestVerifier_ASlotFreedAndTakenInOneEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("old", "up")
		w := start(t, c, byValue, nil)
		time.Sleep(time.Minute)
		c.apply(fsm.DeleteEndpoint{Key: "old"}, fsm.SetEndpoint{Key: "new", Value: "nothing"})
		synctest.Wait()
		if last := w.ballot.last(); last.index != c.index || len(last.votes) != 1 || len(w.ballot.holds()) != 0 {
			t.Errorf("cast %+v: the slot must be said to be UNKNOWN, once", last)
		}
		time.Sleep(time.Minute)
		// That nothing can be found out is said once, with the reason.
		if last := w.ballot.last(); len(last.votes) != 1 || last.votes[0] != (verify.Vote{Reason: "as told"}) {
			t.Errorf("cast %+v", last)
		}
	})
}

func TestVerifier_MovesTheIndexAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		w := start(t, c, byValue, nil)
		synctest.Wait()
		if n := len(w.ballot.all()); n != 1 {
			t.Fatalf("%d casts at the start, want one, so that the ballot has an index", n)
		}
		c.set("db", "up")
		time.Sleep(time.Minute)
		n := len(w.ballot.all())

		// Another fall counts from here on, and takes nothing back.
		c.change(func(s *fsm.ClusterSettings) { s.Fall = 7 })
		synctest.Wait()
		if last := w.ballot.last(); len(w.ballot.all()) != n+1 || last.index != c.index || len(last.votes) != 0 {
			t.Errorf("cast %+v, want only the index %d", last, c.index)
		}

		// An observer is none of our business.
		c.apply(fsm.RegisterObserver{Node: "n2", Incarnation: "x"})
		synctest.Wait()
		if len(w.ballot.all()) != n+1 {
			t.Errorf("cast %+v, though nothing has changed", w.ballot.last())
		}
	})
}

func TestVerifier_ChangedSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) {
			s.Interval, s.RetryInterval = fsm.Duration(time.Hour), fsm.Duration(10*time.Second)
		})
		c.set("db", "up")
		own := fsm.Duration(2 * time.Hour)
		c.apply(fsm.SetEndpoint{Key: "own", Value: "up", Overrides: &fsm.Overrides{Interval: &own}})
		w := start(t, c, byValue, nil)
		time.Sleep(4 * time.Hour)

		time.Sleep(time.Minute)
		n, m := len(w.checks.of("db")), len(w.checks.of("own"))
		changed := time.Now()
		c.change(func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(10 * time.Second) })
		time.Sleep(time.Minute)
		runs := w.checks.of("db")[n:]
		if len(runs) < 6 || runs[0].start.Sub(changed) > 10*time.Second {
			t.Errorf("%d checks in the minute after the interval became 10s", len(runs))
		}
		for _, s := range w.Samples("db") {
			if s.Late != 0 { // all at once would be late at once
				t.Errorf("a check was %v late, though the interval was only changed", s.Late)
			}
		}
		if extra := len(w.checks.of("own")) - m; extra > 1 {
			t.Errorf("%d checks of the endpoint that has its own interval", extra)
		}
		if s, _ := w.Verdict("db"); s != health.Up {
			t.Errorf("the verdict is %v: the interval takes nothing back", s)
		}

		// Longer again: what was due soon is due later.
		n = len(w.checks.of("db"))
		c.change(func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(time.Hour) })
		time.Sleep(50 * time.Minute)
		if extra := len(w.checks.of("db")) - n; extra != 0 {
			t.Errorf("%d checks in 50 minutes after the interval became an hour", extra)
		}

		// Another check is another question.
		c.change(func(s *fsm.ClusterSettings) { s.Check = fsm.CheckTCP })
		synctest.Wait()
		if last := w.ballot.last(); len(last.votes) != 2 || len(w.ballot.holds()) != 0 {
			t.Errorf("cast %+v, want both verdicts taken back", last)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if runs := w.checks.of("db"); runs[len(runs)-1].Kind != fsm.CheckTCP {
			t.Error("it was not checked the new way within a second")
		}
	})
}

// Whatever happens to the endpoints, no cast ever says something of an endpoint
// that was seen of another one or of an earlier revision, and when it has been
// quiet for a while all verdicts are there.
func TestVerifier_NeverSaysWhatItDidNotSee(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { endlessChange(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func endlessChange(t *testing.T, random *rand.Rand) {
	c := newCluster(t, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(2 * time.Second) })
	values := []string{"up", "down", "neither"}
	does := func(ctx context.Context, r verify.Request) verify.Sample {
		// As slow and as deaf as the value's length and the revision have it.
		slow := time.Duration(r.Revision%7) * 700 * time.Millisecond
		if r.Revision%2 == 0 {
			return stubborn(slow, byValue)(ctx, r)
		}
		return taking(slow, byValue)(ctx, r)
	}
	w := start(t, c, does, func(cfg *verify.Config) { cfg.MaxChecks = 5 })
	synctest.Wait()
	w.ballot.each = func(index uint64, held map[uint32]verify.Vote) {
		view := c.byIndex[index]
		if view == nil {
			t.Errorf("cast with the index %d, at which no endpoint changed", index)
			return
		}
		for slot, vote := range held {
			e, ok := view.EndpointAt(slot)
			if !ok || byValue(t.Context(), verify.Request{Value: e.Value}).Status != vote.Verdict {
				t.Errorf("with the index %d the ballot says %v of slot %d, which is %+v", index, vote.Verdict, slot, e)
			}
		}
	}
	for range 300 {
		var entry []fsm.Command
		for range 1 + random.IntN(4) {
			key := fmt.Sprint("e", random.IntN(12))
			_, exists := c.View().Endpoint(key)
			if slices.ContainsFunc(entry, func(d fsm.Command) bool { return d == fsm.Command(fsm.DeleteEndpoint{Key: key}) }) {
				exists = false
			}
			if exists && random.IntN(2) == 0 && len(entry) == 0 {
				entry = append(entry, fsm.DeleteEndpoint{Key: key})
			} else if len(entry) == 0 || !exists {
				value := values[random.IntN(3)]
				if e, ok := c.View().Endpoint(key); ok && e.Value == value && exists {
					continue // would change nothing
				}
				if !slices.ContainsFunc(entry, func(d fsm.Command) bool { s, ok := d.(fsm.SetEndpoint); return ok && s.Key == key }) {
					entry = append(entry, fsm.SetEndpoint{Key: key, Value: value})
				}
			}
		}
		// The verifier reads byIndex in its casts: let it stand still meanwhile.
		w.ballot.mu.Lock()
		if len(entry) > 0 {
			c.apply(entry...)
		}
		w.ballot.mu.Unlock()
		time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
	}
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	held := w.ballot.holds()
	for e := range c.View().Endpoints("") {
		want := byValue(t.Context(), verify.Request{Value: e.Value}).Status
		if got := held[e.Slot].Verdict; got != want {
			t.Errorf("%s is %v in the ballot, want %v", e.Key, got, want)
		}
		if got, _ := w.Verdict(e.Key); got != want {
			t.Errorf("the verdict of %s is %v, want %v", e.Key, got, want)
		}
		delete(held, e.Slot)
	}
	if len(held) > 0 {
		t.Errorf("verdicts of slots that nobody has: %v", held)
	}
	if p := w.Progress(); p.Watched != c.View().EndpointCount() {
		t.Errorf("%d watched of %d", p.Watched, c.View().EndpointCount())
	}
}

// A check that never returns holds its endpoint up even if the endpoint was
// changed, and it stays to be seen even if it was deleted.
func TestVerifier_ReportsAnAbandonedCheckThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.TimeoutIs = health.Down })
		c.set("changed", "hangs")
		c.set("deleted", "hangs")
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			if r.Value == "hangs" {
				time.Sleep(10 * time.Minute)
			}
			return byValue(ctx, r)
		}, nil)
		time.Sleep(2 * time.Second)
		c.set("changed", "up") // both hang, and are within their timeouts
		c.apply(fsm.DeleteEndpoint{Key: "deleted"})
		time.Sleep(5 * time.Second)
		if p := w.Progress(); p.Running != 2 || p.Stuck != 0 {
			t.Errorf("too soon: %+v", p)
		}
		time.Sleep(time.Minute)
		if p := w.Progress(); p.Running != 2 || p.Stuck != 2 || p.Watched != 1 {
			t.Errorf("progress: %+v, want two that are stuck", p)
		}
		s, reason := w.Verdict("changed")
		if want := "an earlier check of it can't be stopped, so that it can't be checked again"; s != health.Unknown || reason != want {
			t.Errorf("the verdict is %v (%s), want UNKNOWN (%s)", s, reason, want)
		}
		for _, sample := range w.Samples("changed") {
			if sample.Revision != c.endpoint("changed").Revision || sample.Status != health.Unknown {
				t.Errorf("sample %+v is not one of the new value", sample)
			}
		}
		if n := len(w.Samples("deleted")); n != 0 {
			t.Errorf("%d samples of what is deleted", n)
		}

		time.Sleep(10 * time.Minute)
		if s, _ := w.Verdict("changed"); s != health.Up {
			t.Errorf("after it has returned the verdict is %v", s)
		}
		if p := w.Progress(); p.Stuck != 0 || p.Running != 0 {
			t.Errorf("progress: %+v", p)
		}
	})
}

package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

func TestVerifier_KeepsTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		begin := time.Now()
		c.set("db", "up")
		w := start(t, c, byValue, nil)
		time.Sleep(time.Hour)

		runs := w.checks.of("db")
		if first := runs[0].start.Sub(begin); first < 0 || first > time.Second {
			t.Errorf("first check after %v, want within 1s", first)
		}
		different := map[time.Duration]bool{}
		for i := 2; i < len(runs); i++ { // the second is the retry: one UP does not agree with UNKNOWN yet
			gap := runs[i].start.Sub(runs[i-1].start)
			if gap < 9*time.Second || gap > 10*time.Second {
				t.Errorf("checks %d and %d are %v apart, want 9s to 10s", i-1, i, gap)
			}
			different[gap] = true
		}
		if n := len(runs); n < 360 || n > 402 {
			t.Errorf("%d checks in an hour, want 360 to 402", n)
		}
		if len(different) < 100 {
			t.Errorf("only %d different pauses: where is the jitter?", len(different))
		}
		if p := w.Progress(); p.Watched != 1 || p.Late != 0 || p.Lateness != 0 || p.Waiting != 0 || time.Since(p.LastCheck) > 10*time.Second {
			t.Errorf("progress of a quiet node: %+v", p)
		}
		if r := runs[0].Request; r.Node != "n1" || r.Site != "south" || r.Kind != fsm.CheckScript || r.Script != "verify.sh" || r.Timeout != 5*time.Second || r.Value != "up" {
			t.Errorf("the check was told %+v", r)
		}
	})
}

func TestVerifier_LooksAgainSoonAfterASampleThatDisagrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		broken := time.Now().Add(5 * time.Minute)
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			if time.Now().After(broken) {
				return verify.Sample{Status: health.Down, Reason: "broken"}
			}
			return byValue(ctx, r)
		}, nil)

		time.Sleep(time.Until(broken))
		synctest.Wait()
		before := len(w.checks.of("db"))
		time.Sleep(time.Minute)
		runs := w.checks.of("db")[before:]
		for i, want := range []time.Duration{2 * time.Second, 2 * time.Second, 10 * time.Second, 10 * time.Second} {
			if gap := runs[i+1].start.Sub(runs[i].start); gap > want || gap < want*9/10 {
				t.Errorf("after DOWN number %d the next check came after %v, want 0.9 to 1 times %v", i+1, gap, want)
			}
		}
		// The verdict fell with the third, and was told at once.
		last := w.ballot.last()
		if want := []verify.Vote{{Verdict: health.Down, Reason: "broken"}}; !slices.Equal(last.votes, want) {
			t.Errorf("cast %+v, want %+v", last.votes, want)
		}
		if !last.at.Equal(runs[2].end) {
			t.Errorf("told at %v, and seen at %v", last.at, runs[2].end)
		}
		if s, reason := w.Verdict("db"); s != health.Down || reason != "broken" {
			t.Errorf("the verdict is %v (%s)", s, reason)
		}
	})
}

func TestVerifier_SlowChecksDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Timeout = fsm.Duration(30 * time.Second) })
		c.set("slow", "up")
		c.set("quick", "up")
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			if r.Key == "slow" {
				return taking(25*time.Second, byValue)(ctx, r)
			}
			return byValue(ctx, r)
		}, nil)
		time.Sleep(time.Hour)

		runs := w.checks.of("slow")
		if n := len(runs); n < 143 || n > 144 {
			t.Errorf("%d checks of 25s in an hour, want one right after the other: 143 or 144", n)
		}
		for i := 1; i < len(runs); i++ {
			if gap := runs[i].start.Sub(runs[i-1].end); gap != 0 {
				t.Errorf("%v between the end of one and the start of the next", gap)
			}
		}
		samples := w.Samples("slow")
		if len(samples) != 10 {
			t.Fatalf("%d samples kept, want 10", len(samples))
		}
		for _, s := range samples {
			if s.Late < 15*time.Second || s.Late > 16*time.Second || s.Duration != 25*time.Second {
				t.Errorf("a check took %v and was %v late, want 25s and 15s to 16s", s.Duration, s.Late)
			}
		}
		if !slices.IsSortedFunc(samples, func(a, b verify.Sample) int { return a.Time.Compare(b.Time) }) {
			t.Error("the samples are not in order, oldest first")
		}
		if p := w.Progress(); p.Late != 1 || p.Running != 1 || p.Waiting != 0 || p.Lateness != 0 {
			t.Errorf("progress with one slow check: %+v", p)
		}
		for _, s := range w.Samples("quick") {
			if s.Late != 0 {
				t.Errorf("the quick one was %v late", s.Late)
			}
		}
	})
}

// A check that never returns, whatever it is told, must not leave the verdict
// standing, and is never joined by a second one.
func TestVerifier_ReportsACheckThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("db", "up")
		c.set("other", "up")
		hangs := time.Now().Add(time.Minute)
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			if now := time.Now(); r.Key == "db" && now.After(hangs) && now.Before(hangs.Add(time.Minute)) {
				time.Sleep(10 * time.Minute)
			}
			return byValue(ctx, r)
		}, nil)
		time.Sleep(time.Minute + 30*time.Second)
		if s, _ := w.Verdict("db"); s != health.Up {
			t.Fatalf("too soon: the verdict is %v", s)
		}
		time.Sleep(40 * time.Second) // at least 60s since it hangs: timeout, patience and three intervals
		if s, reason := w.Verdict("db"); s != health.Unknown || reason != "the check did not end within 5s and can't be stopped" {
			t.Errorf("the verdict is %v (%s)", s, reason)
		}
		if p := w.Progress(); p.Stuck != 1 || p.Running != 1 {
			t.Errorf("progress: %+v", p)
		}
		if held := w.ballot.holds(); held[0].Verdict != health.Unknown || held[1].Verdict != health.Up {
			t.Errorf("the ballot holds %+v", held)
		}
		time.Sleep(11 * time.Minute)
		if s, _ := w.Verdict("db"); s != health.Up {
			t.Errorf("after it has returned the verdict is %v", s)
		}
		if p := w.Progress(); p.Stuck != 0 || p.Running != 0 {
			t.Errorf("progress: %+v", p)
		}
	})
}

func TestVerifier_RespectsMaxChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		for i := range 100 {
			c.set(fmt.Sprintf("e%03d", i), "up")
		}
		w := start(t, c, taking(time.Second, byValue), func(cfg *verify.Config) { cfg.MaxChecks = 4 })
		time.Sleep(5*time.Minute + 500*time.Millisecond)

		// Four a second make 25s a round, where 10s are asked for.
		if w.checks.atOnce() != 4 {
			t.Errorf("%d checks at once, want 4", w.checks.atOnce())
		}
		p := w.Progress()
		if p.Running != 4 || p.Waiting < 50 || p.Lateness < 10*time.Second || p.Lateness > 20*time.Second || p.Late < 90 {
			t.Errorf("progress of an overloaded node: %+v", p)
		}
		// Oldest first: nobody starves.
		for i := range 100 {
			key := fmt.Sprintf("e%03d", i)
			if n := len(w.checks.of(key)); n < 11 || n > 14 {
				t.Errorf("%s was checked %d times in five minutes, want 11 to 14", key, n)
			}
		}
	})
}

func TestVerifier_LimitChangesWhileChecksRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		for i := range 3000 {
			c.set(fmt.Sprintf("e%04d", i), "up")
		}
		w := start(t, c, taking(time.Second, byValue), func(cfg *verify.Config) { cfg.MaxChecks, cfg.MaxConnections = 4, 1 })
		for _, limit := range []int{4, 2000, 2, 0, 3, 2000} { // the last are cut off by the end of the test
			w.Limit(limit)
			time.Sleep(30*time.Second + 500*time.Millisecond)
			synctest.Wait()
			if limit == 0 {
				limit = 64
			}
			if p := w.Progress(); p.Running > limit || limit < 2000 && p.Running < limit {
				t.Errorf("%d checks run, and %d may", p.Running, limit)
			}
		}
		if most := w.checks.atOnce(); most < 200 || most > 2000 {
			t.Errorf("%d checks ran at once, and 2000 could", most)
		}
	})
}

func TestVerifier_StartsTenThousandWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 10_000
		c := newCluster(t, func(s *fsm.ClusterSettings) { s.Rise = 1 })
		for i := 0; i < many; i += 1000 {
			var entry []fsm.Command
			for j := range 1000 {
				entry = append(entry, fsm.SetEndpoint{Key: fmt.Sprintf("e%05d", i+j), Value: "up"})
			}
			c.apply(entry...)
		}
		begin := time.Now()
		w := start(t, c, byValue, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := w.checks.count(); n != many {
			t.Errorf("%d checks in the first second, want each endpoint once", n)
		}
		if n := len(w.ballot.holds()); n != many {
			t.Errorf("%d verdicts after the first second", n)
		}
		if n := len(w.SampledKeys()); n != many {
			t.Errorf("samples of %d keys", n)
		}
		quarters := [4]int{}
		for _, r := range w.checks.all() {
			quarters[min(3, r.start.Sub(begin)/(250*time.Millisecond))]++
		}
		for i, n := range quarters {
			if n < many/4-many/20 || n > many/4+many/20 {
				t.Errorf("%d of %d checks in quarter %d of the second: they should be spread", n, many, i+1)
			}
		}
		time.Sleep(7900 * time.Millisecond)
		synctest.Wait()
		if n := w.checks.count(); n != many {
			t.Errorf("%d checks before anything is due again", n-many)
		}
		time.Sleep(2100 * time.Millisecond)
		synctest.Wait()
		if n := w.checks.count(); n < 2*many {
			t.Errorf("%d checks after 11s, want two of each endpoint", n)
		}
		if p := w.Progress(); p.Watched != many || p.Late != 0 {
			t.Errorf("progress: %+v", p)
		}
	})
}

func TestVerifier_SurvivesACheckerThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCluster(t, nil)
		c.set("bad", "x")
		c.set("gone", "x")
		c.set("good", "up")
		w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
			switch r.Key {
			case "bad":
				panic("no such\nluck")
			case "gone":
				runtime.Goexit()
			}
			return byValue(ctx, r)
		}, func(cfg *verify.Config) { cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
		time.Sleep(time.Minute)
		w.stop()

		for key, reason := range map[string]string{"bad": "the check panicked: no such luck", "gone": "the check ended without a result"} {
			samples := w.Samples(key)
			if len(samples) < 5 {
				t.Errorf("%s: %d samples", key, len(samples))
			}
			for _, s := range samples {
				if s.Status != health.Unknown || s.Reason != reason {
					t.Errorf("%s: sample %v (%s), want UNKNOWN (%s)", key, s.Status, s.Reason, reason)
				}
			}
		}
		if s, _ := w.Verdict("good"); s != health.Up {
			t.Errorf("the other endpoint is %v", s)
		}
		if n := strings.Count(log.String(), `"msg":"check panicked"`); n != 1 {
			t.Errorf("logged %d times, want once:\n%s", n, log.String())
		}
	})
}

func TestVerifier_CleansWhatACheckerReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		c.set("odd", "x")
		c.set("wild", "x")
		w := start(t, c, func(_ context.Context, r verify.Request) verify.Sample {
			if r.Key == "odd" {
				return verify.Sample{Status: 7, Reason: "?"}
			}
			return verify.Sample{Status: health.Up, Reason: "two\nlines \xff" + strings.Repeat("x", 1000), Late: time.Hour, Revision: 99}
		}, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if s := w.Samples("odd")[0]; s.Status != health.Unknown || s.Reason != "the check returned Status(7)" {
			t.Errorf("a status there is not became %v (%s)", s.Status, s.Reason)
		}
		s := w.Samples("wild")[0]
		if !strings.HasPrefix(s.Reason, "two lines \uFFFDxxx") || len(s.Reason) > 256 {
			t.Errorf("reason of %d bytes: %s", len(s.Reason), s.Reason)
		}
		if s.Late != 0 || s.Revision != c.endpoint("wild").Revision {
			t.Errorf("a checker can't know %v and %d", s.Late, s.Revision)
		}
	})
}

// What a check says that was stopped with the node is not about its endpoint.
func TestVerifier_StoppingTakesNoVerdictBack(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, func(s *fsm.ClusterSettings) { s.Rise, s.Fall = 1, 1 })
			for i := range 20 {
				c.set(fmt.Sprint("e", i), "up")
			}
			w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
				if s := taking(5*time.Second, byValue)(ctx, r); ctx.Err() == nil {
					return s
				}
				return verify.Sample{Reason: "stopped"}
			}, nil)
			time.Sleep(12 * time.Second)
			w.stop()
			if n := len(w.ballot.holds()); n != 20 {
				t.Errorf("%d of 20 verdicts are left", n)
			}
		})
	}
}

func TestVerifier_RunReturnsWhenAllWorkersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, nil)
		for i := range 10 {
			c.set(fmt.Sprint("e", i), "up")
		}
		w := start(t, c, stubborn(30*time.Second, byValue), nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if p := w.Progress(); p.Running != 10 {
			t.Fatalf("%d checks in flight, want 10", p.Running)
		}
		begin := time.Now()
		w.stop() // looks that none is running
		if took := time.Since(begin); took < 28*time.Second || took > 30*time.Second {
			t.Errorf("Run returned %v after its context ended", took)
		}
		for _, r := range w.checks.of("e0") {
			if !r.cancelled {
				t.Error("a check in flight was not told to stop")
			}
		}
		if n := len(w.SampledKeys()); n != 0 {
			t.Errorf("%d samples of checks that were stopped", n)
		}
		if p := w.Progress(); p != (verify.Progress{}) {
			t.Errorf("progress after the end: %+v", p)
		}
	})
}

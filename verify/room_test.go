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

// When half of 10,000 endpoints fall silent at once, they are all seen to be
// DOWN soon. With no more room than scripts have it takes twenty minutes.
func TestVerifier_HalfOfTenThousandFallSilent(t *testing.T) {
	const many = 10_000
	for _, test := range []struct {
		room        int
		least, most time.Duration
	}{
		{0, 15 * time.Second, 2 * time.Minute}, // the default
		{64, 10 * time.Minute, time.Hour},
	} {
		t.Run(fmt.Sprint(test.room), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, func(s *fsm.ClusterSettings) { s.Check = fsm.CheckTCP })
				for i := 0; i < many; i += 1000 {
					var entry []fsm.Command
					for j := range 1000 {
						entry = append(entry, fsm.SetEndpoint{Key: fmt.Sprintf("e%05d", i+j), Value: "up"})
					}
					c.apply(entry...)
				}
				broken := time.Now().Add(time.Minute)
				start(t, c, func(_ context.Context, r verify.Request) verify.Sample {
					if r.Key[len(r.Key)-1]%2 == 0 || time.Now().Before(broken) {
						return verify.Sample{Status: health.Up}
					}
					time.Sleep(r.Timeout)
					return verify.Sample{Status: health.Down, Reason: "no answer"}
				}, func(cfg *verify.Config) { cfg.MaxConnections = test.room }).
					awaitDown(t, many/2)
				if took := time.Since(broken); took < test.least || took > test.most {
					t.Errorf("all are DOWN after %v, want %v to %v", took, test.least, test.most)
				} else {
					t.Logf("all are DOWN after %v", took)
				}
			})
		})
	}
}

// awaitDown waits until the ballot holds n DOWN.
func (w *watchdog) awaitDown(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Hour); ; time.Sleep(5 * time.Second) {
		down := 0
		for _, v := range w.ballot.holds() {
			if v.Verdict == health.Down {
				down++
			}
		}
		if down == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d are DOWN after an hour", down, n)
		}
	}
}

// Neither kind of check waits for the other, and each keeps to its own limit.
func TestVerifier_ScriptsAndConnectionsDoNotWaitForEachOther(t *testing.T) {
	kinds := map[fsm.Check][]fsm.Check{ // of each room
		fsm.CheckScript: {fsm.CheckScript, fsm.CheckNagios},
		fsm.CheckTCP:    {fsm.CheckTCP, fsm.CheckHTTP},
		fsm.CheckStream: {fsm.CheckStream},
	}
	for slow, inOneRoom := range kinds {
		t.Run(string(slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, nil)
				for i := range 50 {
					for _, kind := range fsm.Checks() {
						c.apply(fsm.SetEndpoint{Key: fmt.Sprint(kind, i), Value: "up", Overrides: &fsm.Overrides{Check: &kind}})
					}
				}
				isSlow := func(kind fsm.Check) bool { return slices.Contains(inOneRoom, kind) }
				w := start(t, c, func(ctx context.Context, r verify.Request) verify.Sample {
					if isSlow(r.Kind) {
						return taking(5*time.Second, byValue)(ctx, r)
					}
					return byValue(ctx, r)
				}, func(cfg *verify.Config) { cfg.MaxChecks, cfg.MaxConnections, cfg.MaxLines = 5, 5, 5 })
				time.Sleep(5*time.Minute + 500*time.Millisecond)

				if p := w.Progress(); p.Running != 5 || p.Waiting < 40 || p.Lateness < 10*time.Second {
					t.Errorf("progress with one full room: %+v", p)
				}
				if n := w.checks.atOnce(); n < 5 || n > 15 {
					t.Errorf("%d checks at once, want 5 of each", n)
				}
				for i := range 50 {
					for _, kind := range fsm.Checks() {
						for _, s := range w.Samples(fmt.Sprint(kind, i)) {
							if !isSlow(kind) && s.Late > 0 {
								t.Errorf("%s %d was %v late, and had room", kind, i, s.Late)
							}
						}
					}
				}
			})
		})
	}
}

package quorum_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

func TestLoop_RestsAfterAProposalThatCameToNothing(t *testing.T) {
	for name, obstacle := range map[string]error{"refused": errSwallowed, "uncertain": errUncertain} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var open atomic.Bool
				l := &leader{world: newWorld(t, "")}
				l.obstacle = func(context.Context, fsm.Transition) error {
					if open.Load() {
						return nil
					}
					return obstacle
				}
				l.set("db", "v")
				_, stop := l.run()
				defer stop()
				l.allSay(health.Up, "db")
				time.Sleep(time.Second - 1)
				l.expect("no way", health.Unknown, 0)
				if n := l.count(); n != 1 {
					t.Errorf("%d proposals in the first second, want 1", n)
				}
				for range 12 {
					l.allSay(health.Up) // or else it would be stale
					time.Sleep(5 * time.Second)
				}
				if n := l.count(); n < 30 || n > 61 {
					t.Errorf("%d proposals in a minute, want about one in 1s to 1.5s", n)
				}
				open.Store(true)
				l.allSay(health.Up)
				time.Sleep(1500 * time.Millisecond)
				l.expect("a way", health.Up, 1)
			})
		})
	}
}

func TestLoop_SweepLooksAtEverythingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed atomic.Bool
		l := &leader{world: newWorld(t, "")}
		l.obstacle = func(context.Context, fsm.Transition) error {
			if failed.CompareAndSwap(false, true) {
				return errUncertain
			}
			return nil
		}
		l.set("db", "v")
		loop, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		l.expect("failed", health.Unknown, 0)
		loop.Sweep()
		loop.Sweep()
		l.expect("swept", health.Up, 1)
	})
}

func TestLoop_AnUncertainProposalThatWasCommittedIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "")}
		l.obstacle = func(_ context.Context, tr fsm.Transition) error {
			l.apply(tr)
			return errUncertain
		}
		l.set("db", "v")
		_, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		time.Sleep(time.Minute)
		l.expect("later", health.Up, 1)
		if n := l.count(); n != 1 {
			t.Errorf("%d proposals, want 1", n)
		}
	})
}

func TestLoop_HasOneProposalOfAnEndpointUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		l := &leader{world: newWorld(t, "", "", "")}
		l.obstacle = func(context.Context, fsm.Transition) error {
			<-gate
			return nil
		}
		l.set("db", "v")
		loop, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		l.allSay(health.Down, "db")
		loop.Sweep()
		l.expect("one is under way", health.Unknown, 0)
		if n := l.count(); n != 1 {
			t.Errorf("%d proposals, want 1", n)
		}
		close(gate)
		l.expect("what was seen meanwhile is decided after it", health.Down, 2)
	})
}

func TestLoop_ADecisionOvertakenByAChangeOfValueIsRefusedAndMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		l := &leader{world: newWorld(t, "", "", "")}
		l.obstacle = func(context.Context, fsm.Transition) error {
			<-gate
			return nil
		}
		l.set("db", "v")
		_, stop := l.run()
		defer stop()
		l.allSay(health.Up, "db")
		synctest.Wait()
		l.set("db", "another")
		l.allSay(health.Up, "db") // of the new value
		close(gate)
		l.expect("decided again", health.Up, 1)
		if l.refused != 1 || l.count() != 2 {
			t.Errorf("%d of %d proposals were refused, want 1 of 2", l.refused, l.count())
		}
	})
}

func TestLoop_AThousandEndpointsFailAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "", "", "")}
		l.obstacle = func(context.Context, fsm.Transition) error {
			time.Sleep(5 * time.Millisecond)
			return nil
		}
		keys := l.setMany(1000)
		l.force(health.Up, keys...)
		l.allSay(health.Up, keys...)
		_, stop := l.run()
		defer stop()
		time.Sleep(time.Second)
		l.world.allSay(health.Down, keys...)
		time.Sleep(15 * time.Millisecond)
		synctest.Wait()
		if n := l.count(); n != 1000 {
			t.Errorf("%d proposals after three answers, want 1000: four rounds", n)
		}
		time.Sleep(5 * time.Millisecond)
		synctest.Wait()
		for e := range l.View().Endpoints("") {
			if e.State != health.Down || e.Sequence != 2 {
				t.Fatalf("%s is %v with %d events, want DOWN with 2", e.Key, e.State, e.Sequence)
			}
		}
		if l.mostAway != 256 || l.count() != 1000 {
			t.Errorf("%d proposals, up to %d at one time, want 1000 and 256", l.count(), l.mostAway)
		}
	})
}

func TestLoop_StopsWhileProposalsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{world: newWorld(t, "")}
		l.obstacle = func(ctx context.Context, _ fsm.Transition) error {
			<-ctx.Done()
			time.Sleep(time.Millisecond) // which Run has to wait for
			return context.Cause(ctx)
		}
		keys := l.setMany(300)
		_, stop := l.run()
		l.allSay(health.Up, keys...)
		time.Sleep(time.Hour)
		if l.count() != 256 {
			t.Errorf("%d proposals hang, want 256", l.count())
		}
		if took := stop(); took != time.Millisecond {
			t.Errorf("stopping took %v, want as long as the proposals take", took)
		}
		if l.flying != 0 {
			t.Errorf("%d proposals are left", l.flying)
		}
	})
}

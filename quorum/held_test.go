package quorum_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

func pauseOf(scope fsm.Scope, until time.Time) fsm.PauseEndpoints {
	return fsm.PauseEndpoints{Pause: fsm.Pause{Scope: scope, Reason: "r", Since: time.Now(), Until: until}}
}

func TestLoop_PausedDecidesNothingAndThenWhatIsSo(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.allSay(health.Up, "db")
		l.expect("baseline", health.Up, 1)
		l.must(pauseOf(fsm.Scope{Prefix: "d"}, time.Now().Add(time.Minute)))
		l.allSay(health.Down, "db")
		l.expect("all say DOWN", health.Up, 1)
		time.Sleep(time.Minute - 1)
		l.allSay(health.Down, "db") // or the ballots would be stale
		l.expect("just before the end", health.Up, 1)
		time.Sleep(time.Nanosecond)
		l.expect("at the end", health.Down, 2)
	}, "", "", "")
}

func TestLoop_ResumedDecidesAtOnce(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.must(pauseOf(fsm.Scope{}, time.Time{}))
		l.allSay(health.Up, "db")
		time.Sleep(5 * time.Second)
		l.expect("paused before the baseline", health.Unknown, 0)
		l.must(fsm.ResumeEndpoints{})
		l.expect("resumed", health.Up, 1)
		l.must(pauseOf(fsm.Scope{}, time.Time{}))
		l.allSay(health.Down, "db")
		l.allSay(health.Up, "db")
		l.must(fsm.ResumeEndpoints{})
		time.Sleep(time.Hour)
		l.expect("what came and went in the pause is not decided", health.Up, 1)
	}, "", "", "")
}

func TestLoop_AWindowOpensAndEnds(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		// A bubble begins at midnight UTC, which is 19:00 the day before there.
		l.must(fsm.SetWindow{Window: fsm.Window{Name: "daily", Cron: "1 19 * * *", Zone: "America/New_York", Duration: fsm.Duration(time.Minute)}})
		l.allSay(health.Up, "db")
		l.expect("before it opens", health.Up, 1)
		time.Sleep(time.Minute)
		l.allSay(health.Down, "db")
		l.expect("it is open", health.Up, 1)
		time.Sleep(time.Minute - 1)
		l.allSay(health.Down, "db")
		l.expect("just before it ends", health.Up, 1)
		time.Sleep(time.Nanosecond)
		l.expect("it has ended", health.Down, 2)
	}, "", "", "")
}

func TestLoop_AParentThatIsDownHoldsItsChildren(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.set("router", "v")
		l.set("switch", "v")
		l.must(fsm.SetEndpoint{Key: "switch", Value: "v", Parents: &[]string{"router"}})
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{"switch"}})
		l.allSay(health.Up, "db", "switch", "router")
		l.expect("all are UP", health.Up, 1)
		l.allSay(health.Down, "router")
		l.allSay(health.Down, "db", "switch")
		l.expect("two below one that is DOWN", health.Up, 1)
		if e := l.endpoint("switch"); e.State != health.Up {
			t.Errorf("one below one that is DOWN is %v", e.State)
		}
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{}})
		l.expect("it depends on nothing any more", health.Down, 2)
		time.Sleep(cooldown)
		l.allSay(health.Up, "router")
		synctest.Wait()
		if e := l.endpoint("switch"); e.State != health.Down {
			t.Errorf("when the parent is UP again it is %v", e.State)
		}
	}, "", "", "")
}

// TestLoop_AParentBetweenIsFreed: what depends on it is decided at once.
func TestLoop_AParentBetweenIsFreed(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.set("router", "v")
		l.must(fsm.SetEndpoint{Key: "switch", Value: "v", Parents: &[]string{"router"}})
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{"switch"}})
		l.allSay(health.Up, "db", "router")
		l.allSay(health.Down, "router")
		l.allSay(health.Down, "db")
		l.expect("the router is DOWN", health.Up, 1)
		l.must(fsm.SetEndpoint{Key: "switch", Value: "v", Parents: &[]string{}})
		l.expect("the switch depends on nothing any more", health.Down, 2)
	}, "", "", "")
}

// TestLoop_AllFallAtOnce: one ballot says so of all, and the child is looked at
// first.
func TestLoop_AllFallAtOnce(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		l.set("router", "v")
		l.must(fsm.SetEndpoint{Key: "db", Value: "v", Parents: &[]string{"router"}})
		l.allSay(health.Up, "db", "router")
		l.expect("both are UP", health.Up, 1)
		l.allSay(health.Down, "db", "router")
		time.Sleep(2 * time.Second)
		l.expect("the parent alone goes DOWN", health.Up, 1)
		l.must(fsm.DeleteEndpoint{Key: "router"})
		l.expect("the parent is no more", health.Down, 2)
	}, "", "", "")
}

func TestLoop_TheBrake(t *testing.T) {
	inOffice(t, func(l *leader, _ *quorum.Loop) {
		settings := fsm.DefaultClusterSettings()
		settings.Brake, settings.Cooldown = 30, 0
		l.must(fsm.ChangeSettings{Settings: settings})
		keys := append(l.setMany(9), "db")
		l.allSay(health.Up, keys...)
		down := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if got := l.View().DownCount(); got != want {
				t.Errorf("%s: %d are DOWN, want %d", when, got, want)
			}
		}
		down("all are UP", 0)
		l.allSay(health.Down, keys...)
		down("all say DOWN of all", 3)
		l.allSay(health.Up, keys[:2]...)
		down("two are UP again, and make room", 3)
		l.allSay(health.Up, keys...)
		down("all say UP of all", 0)
		l.allSay(health.Down, keys[:5]...)
		down("half", 3)
		settings.Brake = fsm.ShareOff
		l.must(fsm.ChangeSettings{Settings: settings})
		down("the brake is off", 5)
	}, "", "", "")
}

func TestLoop_SaysOnceWhatHoldsAChangeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := &leader{world: newWorld(t, "", "", "")}
		l.set("db", "v")
		loop := quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = loop.Run(ctx, l.term, time.Now())
		}()
		l.must(pauseOf(fsm.Scope{}, time.Now().Add(time.Hour)))
		for range 10 {
			l.allSay(health.Up, "db")
			loop.Sweep()
			time.Sleep(time.Second)
		}
		l.must(pauseOf(fsm.Scope{Prefix: "db"}, time.Time{}))
		time.Sleep(time.Second)
		l.must(fsm.DeleteEndpoint{Key: "db"})
		l.set("db", "v") // another endpoint, of the same slot
		l.allSay(health.Up, "db")
		cancel()
		<-done
		var said []string
		for line := range strings.Lines(log.String()) {
			if _, held, ok := strings.Cut(line, `msg="change held back" component=quorum `); ok {
				said = append(said, strings.TrimSpace(held))
			}
		}
		want := []string{
			`key=db from=UNKNOWN to=UP held_by=pause for=1h0m0s reason="a pause of all endpoints holds it back for another 1h0m0s (r)"`,
			`key=db from=UNKNOWN to=UP held_by="pause, pause" for=59m50s reason="a pause of all endpoints holds it back for another 59m50s (r); a pause of the prefix db holds it back until somebody resumes (r)"`,
			`key=db from=UNKNOWN to=UP held_by="pause, pause" for=59m49s reason="a pause of all endpoints holds it back for another 59m49s (r); a pause of the prefix db holds it back until somebody resumes (r)"`,
		}
		if strings.Join(said, "\n") != strings.Join(want, "\n") {
			t.Errorf("it says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestLoop_WarnsOnceOfAWindowThatItCantRead: another build has written it, or
// this machine knows fewer zones.
func TestLoop_WarnsOnceOfAWindowThatItCantRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := &leader{world: newWorld(t, "", "", "")}
		set := func(name, zone string) {
			l.must(fsm.SetWindow{Window: fsm.Window{Name: name, Cron: "0 2 * * *", Zone: zone, Duration: fsm.Duration(time.Minute)}})
		}
		set("nightly", "Mars/Olympus")
		loop := quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = loop.Run(ctx, l.term, time.Now())
		}()
		l.must(pauseOf(fsm.Scope{}, time.Time{}))
		cancel()
		<-done
		if said := log.String(); strings.Count(said, "can't be read") != 1 || !strings.Contains(said, "window=nightly") || !strings.Contains(said, "Mars/Olympus") {
			t.Errorf("it says %q", said)
		}
	})
}

package clustertest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/health"
)

type raftServer = api.Server

func TestCluster_TheLeaderDiesBetweenDecisionAndNotification(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.Scripts.Take(5 * time.Second)
		leader := c.Leader()
		c.World.Set("db", health.Down)
		c.Await("the leader is in the middle of its script", func() bool { return len(c.Scripts.Of(leader, "db")) == 1 })
		c.Crash(leader)
		next := c.Leader()
		c.Await("a new leader has taken the leader's run over", func() bool {
			return slices.ContainsFunc(c.Scripts.Of(next, "db"), func(n clustertest.Notification) bool {
				return n.Role == fsm.Leader && n.Ended
			})
		})
		c.Restart(leader)
		c.AwaitNotified("db", health.Down, c.Names()...)
		runs := c.Scripts.Of(leader, "db")
		if len(runs) != 2 || runs[0].Ended || runs[1].Attempt != 2 {
			t.Errorf("the node that died in the middle of its run has the runs %+v, want one cut short and a second attempt", runs)
		}
	})
}

func TestCluster_EachNodeIsRestartedInTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		state := health.Up
		var told []health.Status
		for i, name := range c.Names() {
			if i%2 == 0 {
				c.Crash(name)
			} else {
				c.Stop(name)
			}
			state = map[health.Status]health.Status{health.Up: health.Down, health.Down: health.Up}[state]
			told = append(told, state)
			c.World.Set("db", state)
			c.AwaitState("db", state)
			c.Restart(name)
			c.AwaitNotified("db", state, c.Names()...)
		}
		for _, name := range c.Names() {
			wantRuns(t, c, name, "db", told...)
		}
	})
}

func TestCluster_AllAreRestartedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		// Who dies before its ledger holds the end of a run has died in the middle,
		// and a run as leader that nobody knows of is taken over.
		c.Await("all have reported that it has ended", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool {
				ledger := c.Ledger(name)
				return len(ledger.Entries)+len(ledger.Outbox) > 0
			})
		})
		for _, name := range c.Names() {
			c.Crash(name)
		}
		for _, name := range c.Names() {
			c.Restart(name)
		}
		c.Await("all are ready", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return !c.Node(name).Readiness().Ready })
		})
		c.Never(time.Minute, "a restart notifies", func() bool { return len(c.Scripts.All()) != 3 })
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
	})
}

func TestCluster_ADeletedEndpointIsSilentAndOneAddedAgainStartsAfresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		c.Delete("db")
		c.World.Set("db", health.Up)
		c.Never(time.Minute, "a deleted endpoint is notified", func() bool { return len(c.Scripts.All()) != 3 })
		c.World.Set("db", health.Down)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Down) // a baseline: nobody is told
		c.Never(time.Minute, "the baseline is notified", func() bool { return len(c.Scripts.All()) != 3 })
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
		for _, name := range c.Names() {
			wantRuns(t, c, name, "db", health.Down, health.Up)
		}
	})
}

func TestCluster_ANodeIsAwayForLongerThanTheLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) {
			cfg.Retention.Threshold, cfg.Retention.Trailing, cfg.Retention.Interval = 16, 8, time.Second
		}})
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		c.Crash(away)
		for i := range 100 {
			c.Set(fmt.Sprintf("filler/%d", i), "v")
		}
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Up()...)
		time.Sleep(time.Minute) // the log is compacted
		c.Restart(away)
		c.AwaitState("db", health.Down)
		c.AwaitNotified("db", health.Down, away)
		if got := c.Node(away).View().EndpointCount(); got != 101 {
			t.Errorf("%s has %d endpoints, want 101", away, got)
		}
	})
}

func TestCluster_GossipHealsAfterALongCut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.Partition([]string{"n1", "n2"}, []string{"n3", "n4", "n5"})
		time.Sleep(10 * time.Minute)
		c.Heal()
		c.Await("every node sees every other one alive", func() bool {
			for _, name := range c.Names() {
				alive := 0
				for _, m := range c.Node(name).GossipMembers() {
					if m.Alive {
						alive++
					}
				}
				if alive != 5 {
					return false
				}
			}
			return true
		})
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

func TestCluster_WorksOnABadNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5, clustertest.Options{Seed: 7})
		for _, a := range c.Names() {
			for _, b := range c.Names() {
				c.Net.Set(a, b, simnet.Link{Delay: 20 * time.Millisecond, Jitter: 50 * time.Millisecond, Loss: 0.05, Duplicate: 0.1})
			}
		}
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		for _, s := range []health.Status{health.Down, health.Up} {
			c.World.Set("db", s)
			c.AwaitNotified("db", s, c.Names()...)
		}
		for _, name := range c.Names() {
			runs := c.Scripts.Of(name, "db")
			for i, n := range runs {
				if i > 0 && n.Event < runs[i-1].Event {
					t.Errorf("%s ran event %d after event %d", name, n.Event, runs[i-1].Event)
				}
			}
		}
	})
}

func TestCluster_WithoutALeaderAWriteIsRefusedHonestly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		survivor := c.Others(c.Leader())[0]
		for _, name := range c.Others(survivor) {
			c.Crash(name)
		}
		c.Await("the survivor knows that there is no leader", func() bool {
			_, known := c.Node(survivor).Leader()
			return !known
		})
		started := time.Now()
		_, err := c.Node(survivor).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: "v"})
		if !errors.Is(err, api.ErrNoLeader) {
			t.Errorf("the error is %v, want that there is no leader", err)
		}
		if waited := time.Since(started); waited > 5*time.Second {
			t.Errorf("it took %v to say so", waited)
		}
	})
}

func TestCluster_AFailedNotificationIsRepeatedAndItsEndReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.Scripts.Exit(func(n clustertest.Notification) int {
			switch {
			case n.Node == "n1" && n.Attempt < 3:
				return 1
			case n.Node == "n2":
				return 2
			}
			return 0
		})
		c.World.Set("db", health.Down)
		c.AwaitState("db", health.Down)
		want := map[string]fsm.Outcome{
			"n1": {Ending: fsm.Done, Attempt: 3},
			"n2": {Ending: fsm.GaveUp, Attempt: 1, ExitCode: 2},
			"n3": {Ending: fsm.Done, Attempt: 1},
		}
		c.Await("every node can tell how each notification ended", func() bool {
			for _, name := range c.Names() {
				view := c.Node(name).View()
				for who, o := range want {
					got, ok := view.Outcome(view.LastEvent(), who)
					if !ok || got.Ending != o.Ending || got.Attempt != o.Attempt || got.ExitCode != o.ExitCode {
						return false
					}
				}
			}
			return true
		})
	})
}

func TestCluster_EventsThatAreForgottenWhileANodeIsAwayAreAGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		c.Crash(away)
		for _, s := range []health.Status{health.Down, health.Up, health.Down} {
			c.World.Set("db", s)
			c.AwaitState("db", s)
		}
		// Two of the three are forgotten, and nothing but that shows it any more.
		settings := c.Node(c.Up()[0]).View().Settings()
		kept := settings.EventsKept
		settings.EventsKept = 1
		c.Propose(fsm.ChangeSettings{Settings: settings})
		settings.EventsKept = kept
		c.Propose(fsm.ChangeSettings{Settings: settings})
		c.Restart(away)
		c.AwaitNotified("db", health.Down, away)
		wantRuns(t, c, away, "db", health.Down)
		if n := c.Node(away).Readiness().Notifications; n == nil || n.Gaps == 0 {
			t.Errorf("two events have vanished on the node that was away, and it tells only %+v", n)
		}
	})
}

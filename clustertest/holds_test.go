package clustertest_test

import (
	"sync"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

func pauseFor(scope fsm.Scope, lasts time.Duration) fsm.PauseEndpoints {
	p := fsm.Pause{Scope: scope, Reason: "r", Since: time.Now()}
	if lasts > 0 {
		p.Until = p.Since.Add(lasts)
	}
	return fsm.PauseEndpoints{Pause: p}
}

func downed(c *clustertest.Cluster) func() bool {
	return func() bool { return c.StateOn(c.Up()[0], "db") == health.Down }
}

func TestCluster_APauseHoldsThroughAChangeOfLeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		began := time.Now()
		c.Propose(pauseFor(fsm.Scope{Prefix: "d"}, 10*time.Minute))
		c.World.Set("db", health.Down)
		c.Never(2*time.Minute, "a paused endpoint changes", downed(c))
		leader := c.Leader()
		c.Crash(leader)
		c.Never(2*time.Minute, "it changes under another leader", downed(c))
		c.Restart(leader)
		c.Never(time.Until(began.Add(10*time.Minute-time.Second)), "it changes before the end", downed(c))
		c.AwaitState("db", health.Down)
		if late := time.Since(began.Add(10 * time.Minute)); late > 3*time.Second {
			t.Errorf("it is decided %v after the end", late)
		}
		c.AwaitNotified("db", health.Down, c.Names()...)
		c.Await("the pause is removed", func() bool { return len(c.Node(c.Leader()).View().Holds().Pauses) == 0 })
	})
}

func TestCluster_WhatIsSoThenIsDecidedOnResuming(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.Set("web", "web-1:80")
		c.AwaitState("db", health.Up)
		c.AwaitState("web", health.Up)
		c.Propose(pauseFor(fsm.Scope{}, 0))
		c.World.Set("db", health.Down)
		c.World.Set("web", health.Down)
		c.Never(time.Minute, "a paused endpoint changes", downed(c))
		c.World.Set("db", health.Up)
		c.Never(time.Minute, "a paused endpoint changes", downed(c))
		c.Propose(fsm.ResumeEndpoints{})
		c.AwaitNotified("web", health.Down, c.Names()...)
		for _, name := range c.Names() {
			wantRuns(t, c, name, "db")
			wantRuns(t, c, name, "web", health.Down)
		}
	})
}

func TestCluster_AStateSetByHandIsNotifiedAndChangedBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Settings: func(s *fsm.ClusterSettings) { s.Cooldown = fsm.Duration(time.Minute) }})
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		force := func(key string, to health.Status) fsm.ForceState {
			return fsm.ForceState{Key: key, To: to, Manual: fsm.Manual{Reason: "r", By: "anna"}}
		}
		c.Propose(force("db", health.Down))
		c.AwaitNotified("db", health.Down, c.Names()...)
		e, _ := c.Node(c.Leader()).View().Endpoint("db")
		event, _ := c.Node(c.Leader()).View().Event(e.LastEvent)
		if event.Manual == nil || event.Leader != c.Leader() || time.Since(event.Time) > 5*time.Second {
			t.Errorf("the event is %+v", event)
		}
		c.AwaitState("db", health.Up) // the cooldown is over, and the checks disagree
		if since := time.Since(event.Time); since < time.Minute {
			t.Errorf("it was changed back after %v", since)
		}
		c.AwaitNotified("db", health.Up, c.Names()...)

		// An entry makes one event, and many may ask at once.
		c.Propose(pauseFor(fsm.Scope{}, 0))
		keys := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
		var asking sync.WaitGroup
		for _, key := range keys {
			c.Set(key, "v")
		}
		for i, key := range keys {
			asking.Go(func() {
				results, err := c.Node(c.Names()[i%3]).Propose(t.Context(), force(key, health.Down))
				if err != nil || results[0].Refused != nil || !results[0].Changed {
					t.Errorf("%s: %+v, %v", key, results, err)
				}
			})
		}
		asking.Wait()
	})
}

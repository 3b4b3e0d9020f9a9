package clustertest_test

import (
	"testing"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// A node that was away for longer than the cluster keeps events is brought up
// by a snapshot, and has to find out by itself what it was not told.
func TestCluster_ANodeThatMissedForgottenEventsNotifiesWhatIsSoNow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{
			Settings: func(s *fsm.ClusterSettings) { s.EventsKept = 4 },
			Config: func(cfg *node.Config) {
				cfg.Retention = node.Retention{Threshold: 16, Trailing: 8, Interval: 1e9}
			},
		})
		for _, key := range []string{"db", "same", "noise"} {
			c.Set(key, "v")
			c.AwaitState(key, health.Up)
		}
		away := c.Others(c.Leader())[0]
		c.Crash(away)
		flip := func(key string, times int) {
			for n := range times {
				to := []health.Status{health.Down, health.Up}[n%2]
				c.World.Set(key, to)
				c.AwaitState(key, to)
			}
		}
		flip("db", 1)
		flip("same", 2)
		flip("noise", 8)
		c.Restart(away)
		c.Await("the node that was away has told its script", func() bool { return len(c.Scripts.Of(away, "db")) > 0 })
		e, ok := c.Node(away).View().Endpoint("db")
		if !ok {
			t.Fatal("there is no endpoint")
		}
		if _, kept := c.Node(away).View().Event(e.LastEvent); kept {
			t.Error("the event is still kept: this test shows nothing")
		}
		if runs := c.Scripts.Of(away, "db"); len(runs) != 1 || runs[0].To != health.Down || runs[0].Event != e.LastEvent {
			t.Errorf("the script was told %+v, and not once of event %d", runs, e.LastEvent)
		}
		if r := c.Node(away).Readiness(); r.Notifications == nil || r.Notifications.Gaps != 1 || r.Notifications.MadeUp == 0 {
			t.Errorf("the node tells %+v", r.Notifications)
		}
	})
}

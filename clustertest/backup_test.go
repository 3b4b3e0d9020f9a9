package clustertest_test

import (
	"bytes"
	"testing"
	"time"

	"tocsin/backup"
	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

// TestCluster_IsRestoredAfterATotalLoss: a new cluster takes over what people had
// written, decides anew, and tells nobody.
func TestCluster_IsRestoredAfterATotalLoss(t *testing.T) {
	var file bytes.Buffer
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.Set("web", "w")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.AwaitState("db", health.Down)
		if err := backup.Write(&file, c.Node("n1").View(), "n1", "", time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	bubble(t, func(t *testing.T) {
		b, err := backup.Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		c := clustertest.New(t, 3)
		c.World.Set("db", health.Down)
		c.Propose(b.View.Configuration(time.Now()))
		c.AwaitState("db", health.Down)
		c.AwaitState("web", health.Up)
		time.Sleep(time.Minute)
		if runs := c.Scripts.All(); len(runs) > 0 {
			t.Errorf("somebody was told: %+v", runs)
		}
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
	})
}

// TestCluster_StaysSilentThatWasSilencedWhenItIsRestored: a pause of the backup
// holds in the new cluster, until it is taken back.
func TestCluster_StaysSilentThatWasSilencedWhenItIsRestored(t *testing.T) {
	var file bytes.Buffer
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.Propose(pauseFor(fsm.Scope{Prefix: "d"}, 0))
		if err := backup.Write(&file, c.Node("n1").View(), "n1", "", time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	bubble(t, func(t *testing.T) {
		b, err := backup.Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		c.Propose(b.View.Configuration(time.Now()))
		c.World.Set("db", health.Down)
		c.Never(time.Minute, "a paused endpoint changes", downed(c))
		c.Propose(fsm.ResumeEndpoints{Scope: fsm.Scope{Prefix: "d"}})
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

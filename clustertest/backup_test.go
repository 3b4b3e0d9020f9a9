package clustertest_test

import (
	"bytes"
	"testing"
	"time"

	"tocsin/backup"
	"tocsin/clustertest"
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
		c.Propose(b.View.Configuration())
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

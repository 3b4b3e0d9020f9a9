package clustertest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/health"
)

func TestCluster_ReloadTakesCanaries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		near := c.Others(away)[0]
		c.World.Show(away, canary, health.Down)
		change := c.Node(away).Changeable()
		change.Canaries = []string{canary}
		if err := c.Node(away).Reload(change); err != nil {
			t.Fatal(err)
		}
		c.Await("it abstains", func() bool { return abstains(c, near, away, "db", "its canary does not answer") })

		change.Canaries = []string{"nonsense"}
		if err := c.Node(away).Reload(change); err == nil || !strings.Contains(err.Error(), "--canary") {
			t.Errorf("a canary that can't be asked is taken: %v", err)
		}
		c.Never(time.Minute, "it votes after a reload that was refused", func() bool { return !abstains(c, near, away, "db", "its canary") })

		change.Canaries = nil
		if err := c.Node(away).Reload(change); err != nil {
			t.Fatal(err)
		}
		c.Await("it votes again", func() bool { return votes(c, near, away, "db", health.Up) })
	})
}

func TestCluster_ReloadTakesLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		for i := range 20 {
			c.Set(fmt.Sprintf("db/%02d", i), "v")
		}
		c.AwaitState("db/19", health.Up)
		slow := c.Others(c.Leader())[0]
		near := c.Others(slow)[0]
		change := c.Node(slow).Changeable()
		change.MaxChecks, change.MaxNotifications = 2, 1
		if err := c.Node(slow).Reload(change); err != nil {
			t.Fatal(err)
		}
		c.World.Slow(slow, 2*time.Second) // 20 seconds for a round
		c.Await("it is late, and abstains", func() bool { return abstains(c, near, slow, "db/00", "its checks are more than 3s late") })
		change.MaxChecks = 20
		if err := c.Node(slow).Reload(change); err != nil {
			t.Fatal(err)
		}
		c.Await("it votes again", func() bool { return votes(c, near, slow, "db/00", health.Up) })
	})
}

package clustertest_test

import (
	"testing"

	"tocsin/clustertest"
	"tocsin/health"
)

// Addresses are dealt anew, as by a DHCP server that has forgotten whose they
// were: each node comes back where another one was, and is where that one is
// looked for.
func TestCluster_AddressesAreDealtAnew(t *testing.T) {
	skipUnderRaceDetector(t)
	for name, test := range map[string]struct {
		nodes int
		dealt []string
		dead  string // never comes back
	}{
		"all of three":               {3, []string{"n1", "n2", "n3"}, ""},
		"two of three":               {3, []string{"n2", "n3"}, ""},
		"two, and the third is dead": {3, []string{"n1", "n2"}, "n3"},
		"two of five, one by one":    {5, []string{"n4", "n5"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, test.nodes)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				for _, name := range test.dealt {
					c.Crash(name)
				}
				if test.dead != "" {
					c.Crash(test.dead)
				}
				c.DealRaftAddresses(test.dealt...)
				for _, name := range test.dealt {
					c.Restart(name)
				}
				c.Await("all know who is where, and are ready", func() bool { return allPlaced(t, c) })
				c.World.Set("db", health.Down)
				c.AwaitNotified("db", health.Down, c.Up()...)
			})
		})
	}
}

func allPlaced(t *testing.T, c *clustertest.Cluster) bool {
	for _, on := range c.Up() {
		if !c.Node(on).Readiness().Ready {
			return false
		}
		for _, name := range c.Up() {
			if !knowsWhere(t, c, on, name) {
				return false
			}
		}
	}
	return true
}

// One node takes the address that another one leaves, and both are restarted at
// once.
func TestCluster_AnAddressPassesFromOneToTheOther(t *testing.T) {
	skipUnderRaceDetector(t)
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.Stop("n2")
		c.Stop("n3")
		c.TakeRaftAddress("n2", "n3")
		c.Move("n3")
		c.Restart("n2")
		c.Restart("n3")
		awaitMoved(t, c, "n2", "n3")
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

// A node takes the address of one that is dead and was not taken out. When that
// one comes back elsewhere it has its vote as before.
func TestCluster_ADeadNodesAddressIsTakenOver(t *testing.T) {
	skipUnderRaceDetector(t)
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		dead := c.Leader()
		heir := c.Others(dead)[0]
		c.Crash(dead)
		c.Stop(heir)
		c.TakeRaftAddress(heir, dead)
		c.Restart(heir)
		c.Await("all know where it is, and are ready", func() bool { return allPlaced(t, c) })
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Up()...)
		c.Move(dead)
		c.Restart(dead)
		awaitMoved(t, c, c.Names()...)
	})
}

package clustertest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
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

// Of two that claim one address, the one that is dead is taken out by it.
func TestCluster_TheDeadOneIsTakenOutByAnAddressThatPassedOn(t *testing.T) {
	skipUnderRaceDetector(t)
	for _, dead := range []string{"n2", "n3"} {
		t.Run(dead+" is dead", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 3)
				heir := c.Others("n1", dead)[0]
				c.Crash(dead)
				c.Stop(heir)
				c.TakeRaftAddress(heir, dead)
				c.Restart(heir)
				c.Await("all know where it is, and are ready", func() bool { return allPlaced(t, c) })
				if err := c.Node("n1").LeaveRaft(t.Context(), c.Node(heir).Self().Raft); err != nil {
					t.Fatal(err)
				}
				c.Await("the dead one is taken out", func() bool {
					servers, err := c.Node("n1").RaftServers()
					return err == nil && len(servers) == 2 && !slices.ContainsFunc(servers, func(s raftServer) bool { return s.Node == dead })
				})
			})
		})
	}
}

// An address is not taken from a member that is heard there.
func TestCluster_WhoIsHeardKeepsItsAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		leader := c.Leader()
		holder := c.Node(c.Others(leader)[0]).Self()
		asker := peer.Registration{
			ClusterID: c.Node(leader).View().ClusterID(), Node: "n9", Incarnation: "i", Disk: "d", Start: 1,
			Raft: holder.Raft, Gossip: "n9:8000", HTTP: "n9:6000", Fresh: true,
		}
		_, err := c.Node(leader).Register(t.Context(), asker)
		if r, refused := errors.AsType[*fsm.Refusal](err); !refused || r.Code != fsm.Conflict || !strings.Contains(r.Message, holder.Node) {
			t.Errorf("n9 asks for the raft address of %s, and the answer is %v", holder.Node, err)
		}
	})
}

// While there is no leader a node is not believed to be where another one is
// heard: if it were, none would be elected when raft is whole again.
func TestCluster_NobodyIsBelievedToBeWhereAnotherIsHeard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		for _, from := range c.Names() {
			for _, to := range c.Others(from) {
				c.Net.Set(from, to, simnet.Link{Cut: true, Of: simnet.OfRaft})
			}
		}
		c.Await("nobody leads", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return c.Node(name).Readiness().Leader != "" })
		})
		for _, told := range c.Names() {
			for _, of := range c.Others(told) {
				o, _ := c.Node(told).View().Observer(of)
				wrong := c.Node(c.Others(told, of)[0]).Self().Raft
				_, err := c.Node(told).Register(t.Context(), peer.Registration{
					ClusterID: c.Node(told).View().ClusterID(), Node: of, Incarnation: "i", Disk: o.Disk, Start: o.Start + 1,
					Raft: wrong, Gossip: o.Gossip, HTTP: o.HTTP,
				})
				if _, ok := errors.AsType[api.ErrNotLeader](err); !ok {
					t.Fatalf("%s is told that %s has moved, and answers %v", told, of, err)
				}
			}
		}
		c.Heal()
		c.Await("all are ready", func() bool { return allPlaced(t, c) })
	})
}

// Two new nodes with one raft address ask at once, each before the other is known:
// one is taken in, and the other told why it is not.
func TestCluster_OfTwoThatAskForOneAddressAtOnceOneIsTakenIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		leader := c.Node(c.Leader())
		errs := make(chan error)
		for _, name := range []string{"a", "b"} {
			go func() {
				_, err := leader.Register(t.Context(), peer.Registration{
					ClusterID: leader.View().ClusterID(), Node: name, Incarnation: "of " + name, Disk: "of " + name, Start: 1, Fresh: true,
					Raft: "new:7000", Gossip: name + ":8000", HTTP: name + ":6000",
				})
				errs <- err
			}()
		}
		first, second := <-errs, <-errs
		if first != nil {
			first, second = second, first
		}
		refused, is := errors.AsType[*fsm.Refusal](second)
		if first != nil || !is || refused.Code != fsm.Conflict {
			t.Errorf("the answers are: %v; %v", first, second)
		}
		if n := leader.View().ObserverCount(); n != 4 {
			t.Errorf("there are %d observers, want 4", n)
		}
	})
}

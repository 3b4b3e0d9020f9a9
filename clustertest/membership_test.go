package clustertest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

type nodeConfig = node.Config

func TestCluster_NodesBeyondTheVotersObserveAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 7)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		servers, err := c.Node("n1").RaftServers()
		if err != nil {
			t.Fatal(err)
		}
		voters := 0
		for _, s := range servers {
			if s.Voter {
				voters++
			}
		}
		if len(servers) != 7 || voters != 5 {
			t.Errorf("%d servers, %d of them voters, want 7 and 5", len(servers), voters)
		}
		// Three voters see it up; four of seven observers, two of them no
		// voters, see it down.
		for _, name := range c.Names()[3:] {
			c.World.Show(name, "db", health.Down)
		}
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

func TestCluster_ANewNodeRunsNoHistory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		for _, s := range []health.Status{health.Down, health.Up, health.Down} {
			c.World.Set("db", s)
			c.AwaitNotified("db", s, c.Names()...)
		}
		late := c.Add()
		c.Await("the new node is ready", func() bool { return c.Node(late).Readiness().Ready })
		c.AwaitState("db", health.Down)
		c.Never(time.Minute, "the new node runs history", func() bool { return len(c.Scripts.Of(late, "db")) > 0 })
		c.World.Set("db", health.Up)
		c.AwaitNotified("db", health.Up, c.Names()...)
		wantRuns(t, c, late, "db", health.Up)
	})
}

func TestCluster_ANodeThatLeavesOnExitNoLongerCounts(t *testing.T) {
	for _, who := range []string{"a follower", "the leader"} {
		t.Run(who, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) { cfg.LeaveOnExit = true }})
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				leaver := c.Leader()
				if who == "a follower" {
					leaver = c.Others(leaver)[0]
				}
				c.Stop(leaver)
				left := c.Others(leaver)
				c.Await("the rest has forgotten it", func() bool {
					for _, name := range left {
						servers, err := c.Node(name).RaftServers()
						if err != nil || len(servers) != 2 || c.Node(name).View().ObserverCount() != 2 {
							return false
						}
					}
					return true
				})
				c.World.Set("db", health.Down)
				c.AwaitNotified("db", health.Down, left...)
				// It comes back as a member, with what it has on its disk.
				c.Restart(leaver)
				c.Await("it takes part again", func() bool { return c.Node(leaver).Readiness().Ready })
				c.World.Set("db", health.Up)
				c.AwaitNotified("db", health.Up, c.Names()...)
			})
		})
	}
}

func TestCluster_ACrashedNodeStillCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		for _, name := range c.Others(c.Leader()) {
			c.Crash(name)
		}
		c.World.Set("db", health.Down)
		last := c.Up()[0]
		c.Never(5*time.Minute, "one of three decides", func() bool { return c.StateOn(last, "db") == health.Down })
		if n := c.Node(last).View().ObserverCount(); n != 3 {
			t.Errorf("%d observers, want 3: a dead one counts", n)
		}
	})
}

func TestCluster_AVoterThatLostItsDiskComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		lost := c.Others(c.Leader())[0]
		c.Crash(lost)
		c.Wipe(lost)
		c.Restart(lost)
		c.Await("it takes part again, as a voter", func() bool {
			servers, err := c.Node(c.Leader()).RaftServers()
			return err == nil && c.Node(lost).Readiness().Ready &&
				slices.ContainsFunc(servers, func(s raftServer) bool { return s.Node == lost && s.Voter })
		})
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		wantRuns(t, c, lost, "db", health.Down)
	})
}

func TestCluster_BootstrapIsSafeToRepeat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		// Every node is told to bootstrap, and to join the others.
		c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) { cfg.Bootstrap = true }})
		id := c.Node("n1").View().ClusterID()
		for _, name := range c.Names() {
			if got := c.Node(name).View().ClusterID(); got != id || id == "" {
				t.Errorf("%s is in the cluster %q, n1 in %q", name, got, id)
			}
		}
		c.Crash("n1")
		c.Wipe("n1")
		c.Restart("n1") // --bootstrap, nothing on its disk, and its cluster in reach
		c.Await("it has joined again", func() bool { return c.Node("n1").View().ClusterID() == id })
	})
}

func TestCluster_AnObserverTakenOutByHandSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		out := c.Others(c.Leader())[0]
		if err := c.Node(c.Leader()).LeaveRaft(t.Context(), out+":7000"); err != nil {
			t.Fatal(err)
		}
		c.Await("it says that it was taken out", func() bool {
			return slices.Contains(c.Node(out).Readiness().Problems, "this node was taken out of the cluster")
		})
		c.Set("db", "db-1:5432")
	})
}

func TestCluster_TheSettingsAreThoseOfTheFounder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := 0
		c := clustertest.New(t, 3, clustertest.Options{Settings: func(s *fsm.ClusterSettings) {
			n++
			s.Fall = n
		}})
		for _, name := range c.Names() {
			if got := c.Node(name).View().Settings().Fall; got != 1 {
				t.Errorf("%s has a fall of %d, want the founder's 1", name, got)
			}
		}
	})
}

func TestCluster_WritesThroughEveryNodeAreReadThereAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		for i, name := range c.Names() {
			key := fmt.Sprintf("written through/%d", i)
			if _, err := c.Node(name).Propose(t.Context(), fsm.SetEndpoint{Key: key, Value: "v"}); err != nil {
				t.Fatalf("through %s: %v", name, err)
			}
			if _, ok := c.Node(name).View().Endpoint(key); !ok {
				t.Errorf("%s does not know what was just written through it", name)
			}
		}
	})
}

func TestCluster_AVoterThatLostItsDiskElectsNobodyBeforeItIsTakenInAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		leader := c.Leader()
		behind, lost := c.Others(leader)[0], c.Others(leader)[1]
		c.Partition([]string{behind}, []string{leader, lost})
		if _, err := c.Node(leader).Propose(t.Context(), fsm.SetEndpoint{Key: "db", Value: "acknowledged"}); err != nil {
			t.Fatal(err)
		}
		// The leader and the one that is behind keep their disks: a majority.
		c.Crash(lost)
		c.Wipe(lost)
		c.Crash(leader)
		c.Heal()
		c.Restart(lost)
		c.Never(2*time.Minute, "one that is behind leads by the vote of one that has forgotten", func() bool {
			l, known := c.Node(behind).Leader()
			return known && l.Node == behind
		})
		c.Restart(leader)
		c.Await("all know the acknowledged write", func() bool {
			return !slices.ContainsFunc(c.Up(), func(name string) bool {
				e, ok := c.Node(name).View().Endpoint("db")
				return !ok || e.Value != "acknowledged"
			})
		})
		c.Await("all are ready", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return !c.Node(name).Readiness().Ready })
		})
	})
}

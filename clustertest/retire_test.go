package clustertest_test

import (
	"slices"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

func wasTakenOut(c *clustertest.Cluster, name string) bool {
	return slices.Contains(c.Node(name).Readiness().Problems, "this node was taken out of the cluster")
}

func raftIsDown(c *clustertest.Cluster, name string) bool {
	return c.Node(name).RaftProgress().State == "shutdown"
}

func TestCluster_OfTwoVotersTheOneLeftGoesOnAlone(t *testing.T) {
	for _, out := range []string{"the leader", "the follower"} {
		for _, through := range []string{"itself", "the other"} {
			t.Run("without "+out+", taken out through "+through, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					c := clustertest.New(t, 2)
					c.Set("db", "v")
					c.AwaitState("db", health.Up)
					leaves := c.Leader()
					if out == "the follower" {
						leaves = c.Others(leaves)[0]
					}
					stays := c.Others(leaves)[0]
					asked := leaves
					if through == "the other" {
						asked = stays
					}
					if err := c.Node(asked).RemoveMember(t.Context(), leaves, false); err != nil {
						t.Fatal(err)
					}
					c.Await(leaves+" says so", func() bool { return wasTakenOut(c, leaves) })
					c.Await(stays+" votes alone", func() bool { return slices.Equal(votersOn(t, c, stays), []string{stays}) })
					c.Await(leaves+" has ended its raft", func() bool { return raftIsDown(c, leaves) })
					c.Never(time.Minute, stays+" loses the lead", func() bool {
						l, known := c.Node(stays).Leader()
						return !known || l.Node != stays
					})
					if _, err := c.Node(stays).Propose(t.Context(), fsm.SetEndpoint{Key: "web", Value: "v"}); err != nil {
						t.Errorf("a write: %v", err)
					}
					runs := len(c.Scripts.Of(leaves, "db"))
					c.World.Set("db", health.Down)
					c.AwaitNotified("db", health.Down, stays)
					if more := len(c.Scripts.Of(leaves, "db")); more != runs {
						t.Errorf("%s was taken out and ran %d notifications", leaves, more-runs)
					}
					// It comes back as a member.
					c.Stop(leaves)
					c.Restart(leaves)
					c.Await("two vote", func() bool { return len(votersOn(t, c, stays)) == 2 && c.Node(leaves).Readiness().Ready })
				})
			})
		}
	}
}

func TestCluster_OneThatWasTakenOutCarriesRaftForABoundedTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cutOff := func(t *testing.T) (*clustertest.Cluster, string) {
			c := clustertest.New(t, 3)
			out := c.Others(c.Leader())[0]
			if err := c.Node(out).RemoveMember(t.Context(), out, true); err != nil {
				t.Fatal(err)
			}
			// It will not hear that the raft configuration has changed.
			c.Partition([]string{out}, c.Others(out))
			c.Await("it says that it was taken out", func() bool { return wasTakenOut(c, out) })
			return c, out
		}
		c, out := cutOff(t)
		c.Never(29*time.Second, "its raft ends", func() bool { return raftIsDown(c, out) })
		from := time.Now()
		c.Await("its raft ends", func() bool { return raftIsDown(c, out) })
		if took := time.Since(from); took > 15*time.Second {
			t.Errorf("its raft ended %v after it was to", took)
		}
		if problems := c.Node(out).Readiness().Problems; problems[0] != "this node was taken out of the cluster" {
			t.Errorf("it says %q first", problems)
		}
		c, out = cutOff(t)
		from = time.Now()
		c.Stop(out)
		if took := time.Since(from); took > 5*time.Second {
			t.Errorf("it took %v to stop", took)
		}
	})
}

package clustertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

const canary = "gw:53"

// withCanary gives every node the canary.
func withCanary() clustertest.Options {
	return clustertest.Options{Config: func(cfg *nodeConfig) { cfg.Canaries = []string{canary} }}
}

// voteOf is what one node holds of another's vote.
func voteOf(c *clustertest.Cluster, seenBy, node, key string) fsm.Vote {
	view := c.Node(seenBy).View()
	e, ok := view.Endpoint(key)
	if !ok {
		return fsm.Vote{}
	}
	for _, v := range quorum.Votes(view, c.Node(seenBy).Ballots(), e, quorum.Moment{Now: time.Now()}) {
		if v.Node == node {
			return v
		}
	}
	return fsm.Vote{}
}

// abstains reports whether, as another node sees it, a node is heard and says
// that it abstains because of that.
func abstains(c *clustertest.Cluster, seenBy, node, key, because string) bool {
	v := voteOf(c, seenBy, node, key)
	return v.Verdict == health.Unknown && v.Excluded == "" && strings.HasPrefix(v.Reason, "abstains: "+because)
}

func votes(c *clustertest.Cluster, seenBy, node, key string, verdict health.Status) bool {
	v := voteOf(c, seenBy, node, key)
	return v.Verdict == verdict && v.Excluded == ""
}

func TestCluster_ANodeWithoutItsCanaryVotesForNobodyAndRecovers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, withCanary())
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		near := c.Others(away)[0]
		c.World.Show(away, canary, health.Down)
		c.Await("all nodes show that it abstains", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool {
				return !abstains(c, name, away, "db", "its canary does not answer")
			})
		})
		ready := c.Node(away).Readiness()
		if ready.Ready || !strings.Contains(strings.Join(ready.Problems, "\n"), "abstains") {
			t.Errorf("it abstains and its readiness is %+v", ready)
		}
		c.World.Hide()
		c.Await("it votes again", func() bool { return votes(c, near, away, "db", health.Up) && c.Node(away).Readiness().Ready })
	})
}

// Two of three nodes stand where the network fails, and with it the canary: the
// endpoint elsewhere is not down because they say so. Not for a moment do they
// say so.
func TestCluster_ASiteThatLosesItsNetworkDecidesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		options := withCanary()
		options.Settings = func(s *fsm.ClusterSettings) { s.Fall = 1 } // the quickest there is
		c := clustertest.New(t, 3, options)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		// Ten times: whether a check or a round of the canary comes first is chance.
		for range 10 {
			for _, name := range []string{"n1", "n2"} {
				c.World.Show(name, "db", health.Down)
				c.World.Show(name, canary, health.Down)
			}
			c.Never(10*time.Second, "a node without its network says DOWN, or is believed", func() bool {
				return c.StateOn("n3", "db") != health.Up || votes(c, "n3", "n1", "db", health.Down) || votes(c, "n3", "n2", "db", health.Down)
			})
			c.World.Hide()
			c.Await("all vote again", func() bool { return votes(c, "n3", "n1", "db", health.Up) && votes(c, "n3", "n2", "db", health.Up) })
		}
		// Its network is back, and the endpoint is really down.
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

// Nobody can tell anything: nobody decides anything.
func TestCluster_WithoutAnyCanaryNobodyDecides(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, withCanary())
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Set(canary, health.Down)
		c.World.Set("db", health.Down)
		c.Never(2*time.Minute, "something was decided", func() bool { return c.StateOn("n1", "db") != health.Up })
		c.World.Set(canary, health.Up)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

// The endpoint is down. One of five has lost its canary before, a second loses
// it in the middle: three of five are still a quorum. With a third there is none.
func TestCluster_AbstentionsInTheMiddleOfADown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		options := withCanary()
		options.Settings = func(s *fsm.ClusterSettings) { s.Fall = 5 }
		c := clustertest.New(t, 5, options)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Show("n5", canary, health.Down)
		c.Await("n5 abstains", func() bool { return abstains(c, "n1", "n5", "db", "its canary") })
		c.World.Set("db", health.Down)
		time.Sleep(time.Second) // in the middle of its fall
		c.World.Show("n4", canary, health.Down)
		c.AwaitState("db", health.Down)
		view := c.Node("n1").View()
		event, _ := view.Event(view.LastEvent())
		if _, down, _ := fsm.Tally(event.Votes); down != 3 || event.Quorum != 3 || len(event.Votes) != 5 {
			t.Errorf("the evidence has %d DOWN of %d, quorum %d, want 3 of 5, quorum 3: %+v", down, len(event.Votes), event.Quorum, event.Votes)
		}
		if v := event.Votes[4]; v.Node != "n5" || !strings.HasPrefix(v.Reason, "abstains: ") {
			t.Errorf("in the evidence n5 does not abstain: %+v", v)
		}

		c.World.Show("n3", canary, health.Down)
		c.Await("n3 abstains", func() bool { return abstains(c, "n1", "n3", "db", "its canary") })
		c.World.Set("db", health.Up)
		c.Await("who lost its canary believes an UP, and does not vote it", func() bool {
			return votes(c, "n5", "n1", "db", health.Up) && abstains(c, "n1", "n3", "db", "its canary")
		})
		c.Never(time.Minute, "two of five decided", func() bool { return c.StateOn("n1", "db") != health.Down })
		c.World.Hide()
		c.AwaitState("db", health.Up)
	})
}

func TestCluster_ANodeThatHearsNobodyAbstains(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		away := c.Others(c.Leader())[0]
		rest := c.Others(away)
		c.Partition([]string{away}, rest)
		c.Await("it says so", func() bool { return abstains(c, away, away, "db", "cut off: hears fewer than 3 of 5 nodes") })
		for _, name := range rest {
			if abstains(c, name, name, "db", "") {
				t.Errorf("%s abstains, and hears three others", name)
			}
		}
		c.Heal()
		c.Await("it votes again", func() bool { return votes(c, rest[0], away, "db", health.Up) })
	})
}

func TestCluster_ANodeWhoseChecksAreLateAbstains(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Config: func(cfg *nodeConfig) { cfg.MaxChecks = 2 }})
		for i := range 20 {
			c.Set(fmt.Sprintf("db/%02d", i), "v")
		}
		c.AwaitState("db/19", health.Up)
		slow := c.Others(c.Leader())[0]
		near := c.Others(slow)[0]
		c.World.Slow(slow, 2*time.Second) // 20 seconds for a round
		c.Await("it abstains", func() bool { return abstains(c, near, slow, "db/00", "its checks are more than 3s late") })
		c.Never(2*time.Minute, "it votes in between", func() bool { return !abstains(c, near, slow, "db/00", "its checks") })
		c.World.Slow(slow, 0)
		c.Await("it votes again", func() bool { return votes(c, near, slow, "db/00", health.Up) })
		c.Never(time.Minute, "and again does not", func() bool { return abstains(c, near, slow, "db/00", "") })
	})
}

// A process that was stopped comes back with verdicts of before. They count for
// nothing until all was checked anew.
func TestCluster_ANodeThatStoodStillChecksAllAnew(t *testing.T) {
	for name, stop := range map[string]func(*clustertest.Cluster, string){
		"stopped": func(c *clustertest.Cluster, node string) { c.StandStill(node, time.Minute) },
		"asleep":  func(c *clustertest.Cluster, node string) { c.Sleep(node, time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, 5)
				c.Set("db", "db-1:5432")
				c.AwaitState("db", health.Up)
				// Two say DOWN: with one more vote of before it would be a quorum.
				still := c.Others(c.Leader())[0]
				others := c.Others(still, c.Leader())
				c.World.Show(still, "db", health.Down)
				c.World.Show(others[0], "db", health.Down)
				c.Await("two say DOWN", func() bool {
					return votes(c, others[2], still, "db", health.Down) && votes(c, others[2], others[0], "db", health.Down)
				})
				c.World.Hide()
				c.World.Show(others[0], "db", health.Down)
				c.World.Show(others[1], "db", health.Down)
				stop(c, still)
				c.Await("it says that it stood still", func() bool { return abstains(c, others[2], still, "db", "stood still for 1m") })
				c.Never(10*time.Second, "its DOWN of before counts", func() bool {
					return c.StateOn(others[2], "db") != health.Up || votes(c, others[2], still, "db", health.Down)
				})
				c.Await("it votes what it sees now", func() bool { return votes(c, others[2], still, "db", health.Up) })
			})
		})
	}
}

// A leader that slept takes no ballot of before for one of now.
func TestCluster_ALeaderThatSleptHearsAfresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		leader := c.Leader()
		c.Sleep(leader, time.Hour)
		woke := time.Now()
		c.Await("it found out", func() bool { return abstains(c, leader, leader, "db", "stood still") })
		for _, other := range c.Others(leader) {
			if held, ok := c.Node(leader).Ballots().Get(other, 0); ok && held.MadeAt.After(woke.Add(-time.Minute)) && held.MadeAt.Before(woke) {
				t.Errorf("a ballot of %s from before the sleep is held to be %v old", other, time.Since(held.MadeAt))
			}
		}
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
	})
}

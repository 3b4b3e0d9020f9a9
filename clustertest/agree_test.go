package clustertest_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

// bubble runs a test in virtual time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// wantRuns fails the test unless the node ran these notifications of the
// endpoint, in this order and once each.
func wantRuns(t *testing.T, c *clustertest.Cluster, node, key string, want ...health.Status) {
	t.Helper()
	var got []health.Status
	for _, n := range c.Scripts.Of(node, key) {
		got = append(got, n.To)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s ran the notifications %v of %s, want %v", node, got, key, want)
	}
}

func TestCluster_AgreesAndNotifiesEveryNodeOnceAndInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		for _, s := range []health.Status{health.Down, health.Up, health.Down} {
			c.World.Set("db", s)
			c.AwaitNotified("db", s, c.Names()...)
		}
		for _, name := range c.Names() {
			wantRuns(t, c, name, "db", health.Down, health.Up, health.Down)
		}
		leaders := 0
		for _, n := range c.Scripts.All() {
			if n.Role == fsm.Leader {
				leaders++
			}
		}
		if leaders != 3 {
			t.Errorf("%d runs had the role leader, want one for each of 3 events", leaders)
		}
	})
}

func TestCluster_ABaselineIsRecordedAndNotNotified(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.World.Set("db", health.Down)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Down)
		for event := range c.Node(c.Leader()).View().EventsAfter(0) {
			if !event.Baseline {
				t.Errorf("event %d is no baseline", event.ID)
			}
			if up, down, _ := fsm.Tally(event.Votes); up != 0 || down < 2 {
				t.Errorf("event %d has the votes %+v as its evidence", event.ID, event.Votes)
			}
		}
		c.Never(time.Minute, "a baseline is notified", func() bool { return len(c.Scripts.All()) > 0 })
	})
}

func TestCluster_OneNodeThatSeesItDownDecidesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Show("n1", "db", health.Down)
		c.World.Show("n2", "db", health.Down)
		c.Never(5*time.Minute, "two of five decide", func() bool { return c.StateOn("n3", "db") == health.Down })
		c.World.Show("n3", "db", health.Down)
		c.AwaitState("db", health.Down)
	})
}

func TestCluster_AMinorityDecidesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		minority := []string{c.Leader(), c.Others(c.Leader())[0]}
		c.Partition(minority, c.Others(minority...))
		for _, name := range minority {
			c.World.Show(name, "db", health.Down)
		}
		c.Never(10*time.Minute, "the minority decides", func() bool {
			return slices.ContainsFunc(c.Names(), func(name string) bool { return c.StateOn(name, "db") == health.Down })
		})
		if ready := c.Node(minority[0]).Readiness(); ready.Ready {
			t.Errorf("a node of the minority says that it is ready")
		}
		c.World.Hide()
		c.Heal()
		c.Await("all are ready again", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return !c.Node(name).Readiness().Ready })
		})
		if runs := c.Scripts.All(); len(runs) > 0 {
			t.Errorf("notifications were run: %+v", runs)
		}
	})
}

func TestCluster_TheMajorityOfACutClusterDecidesAndTheRestLearnsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5)
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		minority := []string{c.Leader(), c.Others(c.Leader())[0]}
		majority := c.Others(minority...)
		c.Partition(minority, majority)
		c.World.Set("db", health.Down)
		c.AwaitNotified("db", health.Down, majority...)
		for _, name := range minority {
			wantRuns(t, c, name, "db")
		}
		c.Heal()
		c.AwaitNotified("db", health.Down, c.Names()...)
		for _, name := range c.Names() {
			for _, n := range c.Scripts.Of(name, "db") {
				if n.To != health.Down {
					t.Errorf("%s was told %v", name, n.To)
				}
			}
		}
	})
}

func TestCluster_AMajorityOfSitesIsNeeded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sites := map[string]string{"n1": "a", "n2": "a", "n3": "a", "n4": "b", "n5": "c"}
		c := clustertest.New(t, 5, clustertest.Options{Config: func(cfg *nodeConfig) { cfg.Site = sites[cfg.Name] }})
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		for _, name := range []string{"n1", "n2", "n3"} {
			c.World.Show(name, "db", health.Down)
		}
		c.Never(5*time.Minute, "one site of three decides", func() bool { return c.StateOn("n4", "db") == health.Down })
		c.World.Show("n5", "db", health.Down)
		c.AwaitState("db", health.Down)
	})
}

func TestCluster_ManyEndpointsFailAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		const many = 200
		keys := make([]string, many)
		for i := range keys {
			keys[i] = fmt.Sprintf("service/%d with a blank", i)
			c.Set(keys[i], "value")
		}
		for _, key := range keys {
			c.AwaitState(key, health.Up)
		}
		for _, key := range keys {
			c.World.Set(key, health.Down)
		}
		for _, key := range keys {
			c.AwaitNotified(key, health.Down, c.Names()...)
		}
		for _, key := range keys {
			for _, name := range c.Names() {
				wantRuns(t, c, name, key, health.Down)
			}
		}
	})
}

func TestCluster_ACooldownHoldsBackAndIsMadeUpFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Settings: func(s *fsm.ClusterSettings) {
			s.Cooldown = fsm.Duration(time.Minute)
		}})
		c.Set("db", "db-1:5432")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.AwaitState("db", health.Down)
		down := time.Now()
		c.World.Set("db", health.Up)
		c.AwaitState("db", health.Up)
		if held := time.Since(down); held < 59*time.Second || held > 62*time.Second {
			t.Errorf("UP came %v after DOWN, want a minute", held)
		}
	})
}

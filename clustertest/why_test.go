package clustertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/clustertest"
	"tocsin/fsm"
	"tocsin/health"
)

func whyOn(t *testing.T, c *clustertest.Cluster, node, key string) (why api.Why, nodes map[string]api.NodeAccount) {
	t.Helper()
	why = answerOf[api.Why](t, callerOf(t, c, node).get("/v1/why/"+key), http.StatusOK)
	nodes = map[string]api.NodeAccount{}
	for _, n := range why.Nodes {
		nodes[n.Node] = n
	}
	return why, nodes
}

func lastSample(t *testing.T, n api.NodeAccount) api.SeenSample {
	t.Helper()
	if len(n.Samples) == 0 {
		t.Fatalf("%s tells of no check: %+v", n.Node, n)
	}
	return n.Samples[len(n.Samples)-1]
}

func TestCluster_WhyTellsWhatEachNodeSaw(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		c.World.Show("n3", "db", health.Down)
		time.Sleep(5 * time.Second)
		for _, asked := range c.Names() {
			why, nodes := whyOn(t, c, asked, "db")
			if why.Node != asked || why.Leader != c.Leader() || len(nodes) != 3 || why.Endpoint.State != health.Up || !strings.Contains(why.Needs, "DOWN has 1 of the 2 votes") {
				t.Errorf("%s says %+v", asked, why)
			}
			for name, n := range nodes {
				want := health.Up
				if name == "n3" {
					want = health.Down
				}
				if s := lastSample(t, n); s.Status != want || s.Reason != "seen by "+name || time.Duration(s.Ago) > 2*time.Second || n.Vote.Verdict != want || n.Silent != "" {
					t.Errorf("%s says of %s: %+v", asked, name, n)
				}
			}
		}
		c.World.Show("n2", "db", health.Down)
		c.AwaitNotified("db", health.Down, c.Names()...)
		time.Sleep(time.Second) // and all know of each how it ended
		why, _ := whyOn(t, c, "n1", "db")
		if why.Decided == nil || why.Decided.To != health.Down || why.Decided.Tally.Down != 2 || len(why.Notifications) != 3 {
			t.Errorf("of what was decided it says %+v, %+v", why.Decided, why.Notifications)
		}
		for _, n := range why.Notifications {
			if n.Outcome == nil || n.Open != nil {
				t.Errorf("of the notification on %s it says %+v", n.Node, n)
			}
		}
	})
}

func TestCluster_WhySaysWhoIsSilent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		time.Sleep(5 * time.Second) // and the votes of all have come, beside those that decided
		leader := c.Leader()
		rest := c.Others(leader)
		c.Crash(rest[1])
		_, nodes := whyOn(t, c, leader, "db")
		if n := nodes[rest[1]]; !strings.Contains(n.Silent, "can't be reached") || len(n.Samples) != 0 || n.Vote.Excluded != "" {
			t.Errorf("of one that has just died: %+v", n)
		}
		time.Sleep(10 * time.Second)
		if _, nodes = whyOn(t, c, leader, "db"); nodes[rest[1]].Vote.Excluded == "" || nodes[rest[0]].Silent != "" {
			t.Errorf("later: %+v", nodes)
		}

		// From the other side of a cut nothing comes back, and nothing is decided.
		c.Partition([]string{leader}, []string{rest[0]})
		c.Await("it has lost its lead", func() bool { _, led := c.Node(leader).Leader(); return !led })
		began := time.Now()
		why, nodes := whyOn(t, c, leader, "db")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := nodes[rest[0]]; !strings.Contains(n.Silent, "did not answer within 2s") {
			t.Errorf("of one that is cut off: %+v", n)
		}
		if why.Leader != "" || len(why.HeldBackBy) == 0 || why.HeldBackBy[0].Kind != api.HeldByNoLeader || lastSample(t, nodes[leader]).Status != health.Up {
			t.Errorf("it says %+v", why)
		}
	})
}

func TestCluster_WhyTellsWhatHoldsAChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		pause := pauseFor(fsm.Scope{Prefix: "d"}, time.Hour)
		pause.Pause.By = "anna"
		c.Propose(pause)
		c.World.Set("db", health.Down)
		time.Sleep(10 * time.Second)
		for _, asked := range c.Names() {
			why, _ := whyOn(t, c, asked, "db")
			if why.Endpoint.State != health.Up || why.Endpoint.Agreed == nil || *why.Endpoint.Agreed != health.Down || len(why.HeldBackBy) != 1 {
				t.Fatalf("%s says %+v, held back by %+v", asked, why.Endpoint, why.HeldBackBy)
			}
			if h := why.HeldBackBy[0]; h.Kind != api.HeldByPause || h.By != "anna" || h.Reason != "r" || time.Until(h.Until) > time.Hour || time.Duration(h.For) < 55*time.Minute {
				t.Errorf("%s says of the pause %+v", asked, h)
			}
		}
	})
}

// TestCluster_ACheckOfNowIsMadeOnEveryNode, and whoever is dead is said to be.
func TestCluster_ACheckOfNowIsMadeOnEveryNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, clustertest.Options{Settings: func(s *fsm.ClusterSettings) {
			s.Interval, s.RetryInterval = fsm.Duration(time.Minute), fsm.Duration(time.Minute) // no check comes by itself while the test looks
		}})
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		c.World.Set("db", health.Down)
		c.World.Show("n1", "db", health.Up)
		check := func() (api.Checked, map[string]api.NodeCheck) {
			t.Helper()
			checked := answerOf[api.Checked](t, callerOf(t, c, "n1").ask(http.MethodPost, "/v1/endpoints/db/check"), http.StatusOK)
			nodes := map[string]api.NodeCheck{}
			for _, n := range checked.Nodes {
				nodes[n.Node] = n
			}
			return checked, nodes
		}
		began := time.Now()
		checked, nodes := check()
		if checked.Tally != (api.Tally{Up: 1, Down: 2}) || time.Since(began) > time.Second {
			t.Errorf("after %v it says %+v", time.Since(began), checked)
		}
		for name, n := range nodes {
			if n.Sample == nil || n.Sample.Reason != "seen by "+name || n.Sample.Time.Before(began.Truncate(time.Millisecond)) { // of that it tells no more
				t.Errorf("%s: %+v with the sample %+v, asked at %v", name, n, n.Sample, began)
			}
		}
		c.Crash("n3")
		if checked, nodes = check(); checked.Tally != (api.Tally{Up: 1, Down: 1, Unknown: 1}) || nodes["n3"].Sample != nil || !strings.Contains(nodes["n3"].Silent, "can't be reached") {
			t.Errorf("without n3: %+v", checked)
		}
	})
}

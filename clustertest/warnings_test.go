package clustertest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/clustertest"
	"tocsin/health"
)

// codes returns what a node warns of, as "code" or "code node".
func codes(c *clustertest.Cluster, on string) []string {
	var all []string
	for _, w := range c.Node(on).Warnings() {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", w.Code, w.Node)))
	}
	return all
}

// A cluster that grows to five within minutes warns of nothing on the way, and
// none of its nodes is restarted so slowly that it should.
func TestCluster_GrowingAndRestartingIsNoReasonToWarn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 1)
		quiet := func() {
			for _, name := range c.Up() {
				if w := codes(c, name); len(w) > 0 {
					t.Errorf("%s of %d warns of %q", name, len(c.Up()), w)
				}
			}
		}
		for range 4 {
			c.Add()
			for range 40 {
				time.Sleep(time.Second)
				quiet()
			}
		}
		for _, name := range c.Names() {
			c.Stop(name)
			time.Sleep(30 * time.Second)
			c.Restart(name)
			time.Sleep(30 * time.Second)
			quiet()
		}
		c.Never(10*time.Minute, "five warn of something", func() bool {
			return slices.ContainsFunc(c.Names(), func(name string) bool { return len(codes(c, name)) > 0 })
		})
	})
}

// What lasts is warned of on every node, in /readyz and in the log of the leader
// once, and no more when it is mended.
func TestCluster_WhatLastsIsWarnedOfUntilItIsMended(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log lockedBuffer
		c := clustertest.New(t, 4, clustertest.Options{
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Config: func(cfg *nodeConfig) { cfg.Site = map[bool]string{true: "a", false: "b"}[cfg.Name < "n3"] },
		})
		everywhere := func(want ...string) func() bool {
			return func() bool {
				return !slices.ContainsFunc(c.Up(), func(name string) bool { return !slices.Equal(codes(c, name), want) })
			}
		}
		c.Await("four voters at two sites are warned of", everywhere("even-voters", "site-majority"))
		r := c.Node("n2").Readiness()
		if !r.Ready || len(r.Warnings) != 2 {
			t.Errorf("/readyz says ready %v, %q: want it ready, with two warnings", r.Ready, r.Warnings)
		}
		down := c.Others(c.Leader())[0]
		c.Crash(down)
		c.Await("the one that is down is warned of too", everywhere("even-voters", "site-majority", "silent "+down))
		c.Restart(down)
		c.Await("it is not, when it is back", everywhere("even-voters", "site-majority"))
		if err := c.Node(c.Leader()).LeaveRaft(t.Context(), "n4:7000"); err != nil {
			t.Fatal(err)
		}
		c.Await("n4 has been taken out", func() bool { return c.Node("n1").View().ObserverCount() == 3 })
		c.Stop("n4")
		c.Await("three voters are none too many, though two are at one site", everywhere("site-majority"))
		for _, code := range []api.WarningCode{api.WarnEvenVoters, api.WarnSilent} {
			if n := strings.Count(log.String(), "warning="+string(code)); n != map[api.WarningCode]int{api.WarnEvenVoters: 1}[code] {
				t.Errorf("the log warns of %s %d times:\n%s", code, n, &log)
			}
		}
	})
}

// An endpoint whose check says nothing any more keeps its state; that nobody
// watches over it is told on every node, until they do again.
func TestCluster_AnEndpointThatNobodyCanJudgeIsWarnedOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		c.Set("db", "v")
		c.AwaitState("db", health.Up)
		c.Never(2*time.Minute, "a check that works is warned of", func() bool { return len(codes(c, "n1")) > 0 })
		c.World.Show("n1", "db", health.Unknown)
		c.Never(2*time.Minute, "the others are enough, and it is warned of", func() bool { return len(codes(c, "n2")) > 0 })
		c.World.Set("db", health.Unknown)
		for _, name := range c.Names() {
			c.Await(name+" warns of it", func() bool { return slices.Equal(codes(c, name), []string{"blind"}) })
			want := `nothing is decided about db, for too few nodes can judge it: seen by n1; "tocsin why db" shows what each node saw: mend the check, or what keeps the nodes from voting`
			if got := c.Node(name).Warnings()[0].Text; got != want {
				t.Errorf("%s says %q, want %q", name, got, want)
			}
		}
		if s := c.StateOn("n1", "db"); s != health.Up {
			t.Errorf("db is %v, though nobody decided so", s)
		}
		c.World.Set("db", health.Down)
		c.AwaitState("db", health.Down)
		c.Await("it is over", func() bool { return len(codes(c, "n1"))+len(codes(c, "n2")) == 0 })
	})
}

// A node that belongs to another cluster is given a member's address.
func TestCluster_GossipOfAnotherClusterIsShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3)
		for _, name := range c.Names() {
			c.Crash(name)
		}
		c.Wipe("n1")
		c.Restart("n1") // it founds another cluster: nobody answers
		c.Await("n1 has founded a cluster", func() bool { return c.Node("n1").View().ClusterID() != "" })
		c.Restart("n2")
		c.Restart("n3")
		c.Await("both sides say so", func() bool {
			return !slices.ContainsFunc(c.Names(), func(name string) bool { return !slices.Contains(codes(c, name), "foreign-gossip") })
		})
		for _, m := range c.Node("n1").GossipMembers() {
			if m.Name != "n1" {
				t.Errorf("n1 has the gossip member %+v", m)
			}
		}
		for _, name := range []string{"n2", "n3"} {
			if _, held := c.Node(name).Ballots().Get("n1", 0); held {
				t.Errorf("%s holds a ballot of the other n1", name)
			}
		}
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

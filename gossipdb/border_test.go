package gossipdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
)

// twoClusters runs f with two clusters of three on one network, a0 to a2 and b0
// to b2, each with all its ballots, and stops them.
func twoClusters(t *testing.T, f func(c *cluster, a, b []*member)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, network: newNetwork()}
		found := func(id string) []*member {
			var names []string
			c.nodes = nil
			for i := range 3 {
				names = append(names, fmt.Sprintf("%s%d", id, i))
				m := c.start(names[i], func(g *gossipdb.GossipConfig) {
					g.Cluster = func() string { return id }
					g.Peers = nil
				})
				m.db.Open(1)
				m.db.Cast(1, []gossipdb.Vote{{Slot: 1, Verdict: health.Up}})
			}
			return c.nodes
		}
		a, b := found("a"), found("b")
		c.nodes = nil
		time.Sleep(20 * time.Second)
		f(c, a, b)
		for _, m := range slices.Concat(a, b, c.nodes) {
			m.stop()
		}
		time.Sleep(30 * time.Second)
	})
}

// knows returns the names that m has as live members, and those of whose
// ballots it holds one.
func knows(m *member) (members, ballots []string) {
	for _, other := range m.Members() {
		if other.Alive {
			members = append(members, other.Name)
		}
	}
	for h := range m.db.Table().All() {
		ballots = append(ballots, h.Ballot.Node)
	}
	slices.Sort(ballots)
	return members, ballots
}

// wantOnly fails for each node that knows others than those.
func wantOnly(t *testing.T, nodes []*member, names ...string) {
	t.Helper()
	for _, m := range nodes {
		members, ballots := knows(m)
		if !slices.Equal(members, names) || !slices.Equal(ballots, names) {
			t.Errorf("%s has the members %q and ballots of %q, want %q", m.host.name, members, ballots, names)
		}
	}
}

func TestGossip_TwoClustersThatMeetDoNotMix(t *testing.T) {
	twoClusters(t, func(_ *cluster, a, b []*member) {
		for range 20 {
			_, err := a[1].Join([]string{b[0].Address()})
			if err == nil || !strings.Contains(err.Error(), "belongs to the cluster b, and this one to a") {
				t.Fatalf("joining a node of another cluster: %v", err)
			}
			time.Sleep(3 * time.Second)
		}
		wantOnly(t, a, "a0", "a1", "a2")
		wantOnly(t, b, "b0", "b1", "b2")
		for _, side := range []struct {
			met *member
			of  string
		}{{a[1], "b"}, {b[0], "a"}} {
			if met := side.met.Strangers(); len(met) != 1 || met[0].Cluster != side.of {
				t.Errorf("%s has met the strangers %+v, want one of cluster %s", side.met.host.name, met, side.of)
			}
			if n := side.met.Stats().Foreign; n < 20 {
				t.Errorf("%s has refused %d times, want 20 at least", side.met.host.name, n)
			}
		}
	})
}

// An address of a dead node is given to a node of another cluster: the members of
// the first still send there.
func TestGossip_AnAddressThatIsAnothersNowMixesNothing(t *testing.T) {
	twoClusters(t, func(c *cluster, a, b []*member) {
		a[2].stop()
		c.network.mu.Lock()
		c.network.hosts[a[2].host.addr()] = b[2].host
		c.network.mu.Unlock()
		time.Sleep(time.Minute)
		wantOnly(t, b, "b0", "b1", "b2")
		for _, m := range a[:2] {
			if members, _ := knows(m); !slices.Equal(members, []string{"a0", "a1"}) {
				t.Errorf("%s has the members %q", m.host.name, members)
			}
			if m.Stats().Foreign == 0 {
				t.Errorf("%s has met nobody: this test shows nothing", m.host.name)
			}
		}
	})
}

// A node without a cluster is told the addresses of two. Each sees it, and
// through it neither sees the other; when it belongs to one the other forgets it.
func TestGossip_ANodeWithoutAClusterJoinsAndIsNoBridge(t *testing.T) {
	twoClusters(t, func(c *cluster, a, b []*member) {
		var own atomic.Pointer[string]
		own.Store(new(string))
		newcomer := c.start("new", func(g *gossipdb.GossipConfig) {
			g.Cluster = func() string { return *own.Load() }
			g.Peers = func() []string { return []string{a[0].Address(), b[0].Address()} }
		})
		if n, err := newcomer.Join([]string{a[0].Address(), b[0].Address()}); n != 2 {
			t.Fatalf("%d of two answer: %v", n, err)
		}
		time.Sleep(time.Minute)
		for _, m := range []*member{a[1], b[1]} {
			if members, _ := knows(m); !slices.Contains(members, "new") || len(members) != 4 {
				t.Errorf("%s has the members %q, want its three and the new one", m.host.name, members)
			}
		}
		if _, ballots := knows(newcomer); len(ballots) > 0 {
			t.Errorf("a node without a cluster holds ballots of %q", ballots)
		}
		own.Store(new("a"))
		newcomer.PeersChanged()
		newcomer.db.Open(9)
		time.Sleep(time.Second)
		if _, ballots := knows(newcomer); !slices.Equal(ballots, []string{"a0", "a1", "a2", "new"}) {
			t.Errorf("a second after it joined it holds ballots of %q", ballots)
		}
		time.Sleep(2 * time.Minute)
		wantOnly(t, append(slices.Clone(a), newcomer), "a0", "a1", "a2", "new")
		wantOnly(t, b, "b0", "b1", "b2")
		for _, m := range a[0].Members() {
			if m.Name == "new" && m.Cluster != "a" {
				t.Errorf("the new member says that it belongs to %q", m.Cluster)
			}
		}
	})
}

func TestGossip_AStrangerIsToldOfOnce(t *testing.T) {
	twoClusters(t, func(c *cluster, _, b []*member) {
		var log lockedBuffer
		m := c.start("a9", func(g *gossipdb.GossipConfig) {
			g.Cluster = func() string { return "a" }
			g.Peers = func() []string { return []string{b[0].Address(), b[1].Address()} }
			g.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		time.Sleep(10 * time.Minute)
		m.stop()
		if n := strings.Count(log.String(), "another cluster"); n != 1 {
			t.Errorf("told %d times of one host, want once:\n%s", n, log.String())
		}
	})
}

// A dead node that comes back under another address is a member again in seconds.
func TestGossip_AMemberMovesToAnotherAddress(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		c.nodes[2].stop()
		c.network.mu.Lock()
		delete(c.network.hosts, c.nodes[2].host.addr())
		c.network.hosts["127.0.0.1:1"], c.network.hosts["127.0.0.1:2"] = c.nodes[0].host, c.nodes[1].host // so that the next port is another
		c.network.mu.Unlock()
		moved := c.start("n2", func(g *gossipdb.GossipConfig) {
			g.Peers = func() []string { return []string{c.nodes[0].Address(), c.nodes[1].Address()} }
		})
		moved.db.Open(2)
		time.Sleep(25 * time.Second)
		for _, m := range c.nodes[:2] {
			i := slices.IndexFunc(m.Members(), func(o gossipdb.Member) bool { return o.Name == "n2" })
			if got := m.Members()[i]; !got.Alive || got.Address != moved.Address() {
				t.Errorf("%s has %+v, want it alive at %s", m.host.name, got, moved.Address())
			}
		}
	})
}

// Whoever sends what is no gossip of ours is neither understood nor answered.
func TestGossip_WhatIsNoGossipIsDropped(t *testing.T) {
	inBubble(t, 2, nil, func(c *cluster) {
		stray := c.network.host("stray")
		for _, packet := range []string{"", "\xc1", "\xc1\x05abc", "GET / HTTP/1.1", strings.Repeat("\xff", 200)} {
			if _, err := stray.WriteTo([]byte(packet), c.nodes[0].Address()); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := stray.DialTimeout(c.nodes[0].Address(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n")[:2]); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("the stray was answered %d bytes", n)
		}
		time.Sleep(time.Second)
		if got := c.nodes[0].Stats().Undecodable; got != 6 {
			t.Errorf("%d were dropped, want 6", got)
		}
		_ = conn.Close()
	})
}

func TestOtherClusterError_SaysBothAndWhatToDo(t *testing.T) {
	var err error = &gossipdb.OtherClusterError{Address: "10.0.0.9:8000", Ours: "ours", Theirs: "theirs"}
	if _, ok := errors.AsType[*gossipdb.OtherClusterError](err); !ok {
		t.Fatal("it is no OtherClusterError")
	}
	for _, word := range []string{"10.0.0.9:8000", "ours", "theirs", "--gossip-join"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
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

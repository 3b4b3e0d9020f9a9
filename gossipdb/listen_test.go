package gossipdb_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/keyring"
)

// overLoopback has a node gossip over the real network of this machine, until ctx
// ends.
func overLoopback(ctx context.Context, t *testing.T, running *sync.WaitGroup, name string, ring keyring.Ring) (*gossipdb.Gossip, *gossipdb.DB) {
	t.Helper()
	db := gossipdb.New(name)
	g, err := gossipdb.StartGossip(gossipdb.GossipConfig{
		Node: name, Bind: "127.0.0.1:0", Keys: ring,
		RefreshInterval: func() time.Duration { return 50 * time.Millisecond },
	}, db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Shutdown() })
	running.Go(func() { _ = g.Run(ctx) })
	return g, db
}

// Two nodes over the real network of this machine, encrypted.
func TestGossip_OverLoopback(t *testing.T) {
	ring := keyring.NewRing(keyring.NewKey())
	var nodes []*gossipdb.Gossip
	var dbs []*gossipdb.DB
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		g, db := overLoopback(ctx, t, &running, name, ring)
		nodes, dbs = append(nodes, g), append(dbs, db)
	}
	defer running.Wait()
	defer cancel()
	if n, err := nodes[1].Join([]string{nodes[0].Address()}); n != 1 || err != nil {
		t.Fatalf("Join = %d, %v", n, err)
	}
	changes := dbs[0].Subscribe()
	defer changes.Close()
	dbs[1].Open(1)
	dbs[1].Cast(1, []gossipdb.Vote{{Slot: 70_000, Verdict: health.Down}})
	select {
	case <-changes.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("the ballot did not arrive")
	}
	if got := statusOf(dbs[0].Table(), "b", 70_000); got != health.Down {
		t.Errorf("arrived as %v", got)
	}
}

func TestStartGossip_SaysWhatIsWrong(t *testing.T) {
	db := gossipdb.New("a")
	first, err := gossipdb.StartGossip(gossipdb.GossipConfig{Node: "a", Bind: "127.0.0.1:0"}, db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Shutdown() }()
	good := gossipdb.GossipConfig{Node: "a", Bind: "127.0.0.1:0"}
	cases := map[string]struct {
		spoil func(c *gossipdb.GossipConfig)
		words []string
	}{
		"port in use":       {func(c *gossipdb.GossipConfig) { c.Bind = first.Address() }, []string{first.Address(), "in use", "--gossip"}},
		"another's address": {func(c *gossipdb.GossipConfig) { c.Bind = "192.0.2.1:7946" }, []string{"192.0.2.1", "--gossip"}},
		"no port":           {func(c *gossipdb.GossipConfig) { c.Bind = "127.0.0.1" }, []string{"127.0.0.1", "--gossip"}},
		"no number":         {func(c *gossipdb.GossipConfig) { c.Bind = "127.0.0.1:gossip" }, []string{"port", "gossip"}},
		"advertised":        {func(c *gossipdb.GossipConfig) { c.Advertise = "0.0.0.0:1" }, []string{"advertised", "0.0.0.0:1"}},
		"meta":              {func(c *gossipdb.GossipConfig) { c.Meta = make([]byte, 480) }, []string{"480", "479"}},
		"name":              {func(c *gossipdb.GossipConfig) { c.Node = "b" }, []string{`"a"`, `"b"`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := good
			c.spoil(&config)
			g, err := gossipdb.StartGossip(config, db)
			if err == nil {
				_ = g.Shutdown()
				t.Fatal("it started")
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

// A stop must not wait for an address that does not answer.
func TestGossip_StopsWhileJoining(t *testing.T) {
	g, err := gossipdb.StartGossip(gossipdb.GossipConfig{Node: "a", Bind: "127.0.0.1:0"}, gossipdb.New("a"))
	if err != nil {
		t.Fatal(err)
	}
	var joining sync.WaitGroup
	joining.Go(func() { _, _ = g.Join([]string{"127.0.0.1:1", "127.0.0.1", "[::1]"}) })
	if err := g.Shutdown(); err != nil {
		t.Error(err)
	}
	if err := g.Shutdown(); err != nil {
		t.Error(err)
	}
	joining.Wait()
}

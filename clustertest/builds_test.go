package clustertest_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"tocsin/clustertest"
	"tocsin/fsm"
)

// Here this build is the older one. The newer one is played: it has learned to
// set labels, in protocol 2.

// builds says which nodes run the newer build from their next start on.
type builds struct {
	mu    sync.Mutex
	newer map[string]bool
}

func (b *builds) upgrade(names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		b.newer[name] = true
	}
}

func (b *builds) downgrade(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.newer, name)
}

func (b *builds) configure(cfg *nodeConfig) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cfg.Version = "1.0"
	if b.newer[cfg.Name] {
		cfg.Version, cfg.Dialect = "2.0", fsm.Dialect{Newest: 2, Since: sinceOfToCome}
	}
}

func sinceOfToCome(c fsm.Command) fsm.Protocol {
	if set, ok := c.(fsm.SetEndpoint); ok && set.Labels != nil {
		return 2
	}
	return 1
}

func labelled(key string) fsm.SetEndpoint {
	return fsm.SetEndpoint{Key: key, Value: "v", Labels: &map[string]string{"team": "net"}}
}

// mixed makes a cluster of n nodes of which some run the newer build.
func mixed(t *testing.T, n int, newer ...string) (*clustertest.Cluster, *builds) {
	t.Helper()
	b := &builds{newer: map[string]bool{}}
	b.upgrade(newer...)
	return clustertest.New(t, n, clustertest.Options{Config: b.configure}), b
}

// restartAs restarts a node with another build.
func restartAs(c *clustertest.Cluster, name string, turn func(string)) {
	c.Stop(name)
	turn(name)
	c.Restart(name)
	awaitReady(c, name)
}

func awaitReady(c *clustertest.Cluster, names ...string) {
	c.Await(strings.Join(names, ", ")+" ready", func() bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !c.Node(name).Readiness().Ready })
	})
}

// wantHeldBack fails the test unless what is new is refused through the node,
// with words that name who holds it back.
func wantHeldBack(t *testing.T, c *clustertest.Cluster, through string, words ...string) {
	t.Helper()
	results, err := c.Node(through).Propose(t.Context(), labelled("new"))
	if err == nil && results[0].Refused != nil {
		err = results[0].Refused
	}
	r, refused := errors.AsType[*fsm.Refusal](err)
	if !refused || r.Code != fsm.Conflict {
		t.Fatalf("through %s: %v, want a conflict", through, err)
	}
	for _, w := range words {
		if !strings.Contains(r.Message, w) {
			t.Errorf("through %s: %q does not say %q", through, r.Message, w)
		}
	}
}

func wantProtocol(t *testing.T, c *clustertest.Cluster, all, inUse fsm.Protocol) {
	t.Helper()
	for _, name := range c.Up() {
		if v := c.Node(name).View(); v.Protocol() != all || v.ProtocolInUse() != inUse {
			t.Errorf("%s says protocol %d, %d in use; want %d and %d", name, v.Protocol(), v.ProtocolInUse(), all, inUse)
		}
	}
}

// lead makes one of the nodes lead.
func lead(c *clustertest.Cluster, name string) {
	for leader := c.Leader(); leader != name; leader = c.Leader() {
		c.Crash(leader)
		c.Leader()
		c.Restart(leader)
		awaitReady(c, leader)
	}
}

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
}

// wantEnd waits until a node has ended by itself with such words.
func wantEnd(t *testing.T, c *clustertest.Cluster, name string, words ...string) {
	t.Helper()
	n := c.Node(name)
	c.Await(name+" ends", func() bool { return ended(n) })
	wantWords(t, n.Err(), words...)
	c.Crash(name)
}

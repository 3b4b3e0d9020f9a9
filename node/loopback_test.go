package node_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
	"tocsin/notify"
	"tocsin/script"
	"tocsin/verify"
)

// loopback is a cluster on real sockets and real stores, in one process. Only
// the scripts are not real: truth answers the checks, and told gets the
// notifications.
type loopback struct {
	configs []node.Config
	nodes   []*node.Node
	truth   *truth
	told    chan told
}

// told is the start of one notification script.
type told struct {
	node  string
	event uint64
	at    time.Time
}

// truth is what every node finds when it checks, and when each first found it.
type truth struct {
	mu     sync.Mutex
	status health.Status
	found  map[string]time.Time // by node, since the last change
}

func (w *truth) set(s health.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.found = s, map[string]time.Time{}
}

// Check implements verify.Checker.
func (w *truth) Check(_ context.Context, r verify.Request) verify.Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if _, known := w.found[r.Node]; !known {
		w.found[r.Node] = now
	}
	return verify.Sample{Status: w.status, Time: now, Revision: r.Revision}
}

type recorder struct{ to chan told }

// Run implements notify.Runner.
func (r recorder) Run(_ context.Context, job notify.Job) script.Result {
	r.to <- told{job.Node, job.Event.ID, time.Now()}
	return script.Result{}
}

// newLoopback brings up n nodes and waits until all are ready.
func newLoopback(tb testing.TB, n int, change func(*fsm.ClusterSettings)) *loopback {
	tb.Helper()
	return newLoopbackOf(tb, n, change, func(*node.Config) {})
}

// newLoopbackOf does the same with other configurations of the nodes.
func newLoopbackOf(tb testing.TB, n int, change func(*fsm.ClusterSettings), configure func(*node.Config)) *loopback {
	tb.Helper()
	l := &loopback{truth: &truth{status: health.Up, found: map[string]time.Time{}}, told: make(chan told, 1024)}
	scripts := scriptsIn(tb)
	settings := fsm.DefaultClusterSettings()
	settings.Cooldown, settings.Fall, settings.Rise = 0, 1, 1
	if change != nil {
		change(&settings)
	}
	for i := range n {
		cfg := node.Config{
			Name: fmt.Sprintf("n%d", i+1), DataDir: tb.TempDir(), Scripts: scripts,
			HTTP: freeAddress(tb), Raft: freeAddress(tb), Gossip: freeAddress(tb),
			Bootstrap: i == 0, Settings: settings,
		}
		if i > 0 {
			cfg.Join = []string{l.nodes[0].Self().HTTP}
		}
		configure(&cfg)
		l.configs = append(l.configs, cfg)
		l.nodes = append(l.nodes, l.start(tb, cfg))
	}
	tb.Cleanup(func() {
		var stopping sync.WaitGroup
		for _, n := range l.nodes {
			stopping.Go(func() {
				if err := n.Stop(context.Background()); err != nil {
					tb.Errorf("stop %s: %v", n.Self().Node, err)
				}
			})
		}
		stopping.Wait()
	})
	l.await(tb, "all nodes are ready and voters", func() bool {
		for _, one := range l.nodes {
			servers, err := one.RaftServers()
			if err != nil || len(servers) != n || !one.Readiness().Ready {
				return false
			}
			for _, s := range servers {
				if !s.Voter {
					return false
				}
			}
		}
		return true
	})
	return l
}

func (l *loopback) start(tb testing.TB, cfg node.Config) *node.Node {
	tb.Helper()
	outside, err := node.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	outside.Checker, outside.Runner = l.truth, recorder{l.told}
	started, err := node.Start(cfg, outside)
	if err != nil {
		tb.Fatal(err)
	}
	return started
}

// await polls until what is described holds, for up to a minute.
func (l *loopback) await(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			for _, n := range l.nodes {
				tb.Logf("%s: %+v", n.Self().Node, n.Readiness())
			}
			tb.Fatalf("waited a minute in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (l *loopback) leader(tb testing.TB) *node.Node {
	tb.Helper()
	var leader *node.Node
	l.await(tb, "there is a leader", func() bool {
		info, known := l.nodes[0].Leader()
		for _, n := range l.nodes {
			if known && n.Self().Node == info.Node {
				leader = n
			}
		}
		return leader != nil
	})
	return leader
}

// scriptsIn returns a folder with the scripts that a node does not start without.
func scriptsIn(tb testing.TB) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	for _, name := range []string{"verify.sh", "notify.sh"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho UP\n"), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close() // the port is ours again in a moment
	return l.Addr().String()
}

func TestNode_OnRealSocketsAndStoresAcrossARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	l := newLoopback(t, 3, func(s *fsm.ClusterSettings) { s.Interval = fsm.Duration(50 * time.Millisecond) })
	for i, n := range l.nodes {
		if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: fmt.Sprintf("key/%d", i), Value: "v"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range l.nodes {
		l.await(t, n.Self().Node+" knows all three", func() bool { return n.View().EndpointCount() == 3 })
	}
	l.await(t, "the baselines are decided", func() bool { return l.nodes[0].View().EventCount() == 3 })
	l.truth.set(health.Down)
	seen := map[told]bool{}
	tell := func(until int) {
		for len(seen) < until {
			got := <-l.told
			got.at = time.Time{}
			if seen[got] {
				t.Errorf("%s was told of event %d twice", got.node, got.event)
			}
			seen[got] = true
		}
	}
	tell(9) // three events on three nodes

	if err := l.nodes[2].Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.nodes[2] = l.start(t, l.configs[2])
	l.await(t, "the node that was stopped is ready again", func() bool { return l.nodes[2].Readiness().Ready })
	l.truth.set(health.Up)
	tell(18)
}

package clustertest

import (
	"cmp"
	"context"
	"sync"
	"time"

	"tocsin/health"
	"tocsin/verify"
)

// World is what is really up and down, and what each node can see of it. It
// stands in for the verification scripts. All of it may be used at any time.
type World struct {
	mu    sync.Mutex
	truth map[string]health.Status
	seen  map[sight]health.Status
	took  map[string]time.Duration // by node; checkTakes where there is none
}

type sight struct{ node, key string }

// checkTakes is how long a check takes on a node that is not slow.
const checkTakes = 5 * time.Millisecond

func newWorld() *World {
	return &World{truth: map[string]health.Status{}, seen: map[sight]health.Status{}, took: map[string]time.Duration{}}
}

// Set says what an endpoint really is. What was never set is UP.
func (w *World) Set(key string, s health.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.truth[key] = s
}

// Show makes one node see an endpoint differently from what it is.
func (w *World) Show(node, key string, s health.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[sight{node, key}] = s
}

// Hide ends every Show.
func (w *World) Hide() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// Slow makes each check on one node take so long.
func (w *World) Slow(node string, takes time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took[node] = takes
}

// Check implements verify.Checker.
func (w *World) Check(ctx context.Context, r verify.Request) verify.Sample {
	w.mu.Lock()
	took := cmp.Or(w.took[r.Node], checkTakes)
	w.mu.Unlock()
	started := time.Now()
	select {
	case <-time.After(took):
	case <-ctx.Done():
		return verify.Sample{Reason: "cut short", Time: started}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.seen[sight{r.Node, r.Key}]
	if !ok {
		if s, ok = w.truth[r.Key]; !ok {
			s = health.Up
		}
	}
	return verify.Sample{Status: s, Reason: "seen by " + r.Node, Time: started, Duration: took, Revision: r.Revision}
}

package sim

import (
	"context"
	"sync"
	"time"

	"tocsin/clustertest/check"
	"tocsin/health"
	"tocsin/verify"
)

// world is what the targets of endpoints really are, and what each node sees of
// them. It implements verify.Checker. A target is an endpoint's value, so that
// another value is another thing to watch.
type world struct {
	mu      sync.Mutex
	record  *recorder
	targets []string // in the order in which they were named
	truth   map[string]health.Status
	blind   map[string][]health.Status // of nodes: what they see of everything, the last counts
	seen    map[check.Pair]health.Status
}

func newWorld(record *recorder) *world {
	return &world{
		record: record, truth: map[string]health.Status{}, blind: map[string][]health.Status{},
		seen: map[check.Pair]health.Status{},
	}
}

// set says what a target really is. What was never set is UP.
func (w *world) set(target string, s health.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.truth[target]; !known {
		w.targets = append(w.targets, target)
	}
	w.truth[target] = s
	w.noteLocked()
}

func (w *world) really(target string) health.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.truth[target]
}

// flip makes a target UP that was DOWN, and the other way round.
func (w *world) flip(target string) {
	s := health.Down
	if w.really(target) == health.Down {
		s = health.Up
	}
	w.set(target, s)
}

// blinded makes a node see everything as s, until the function it returns is
// called.
func (w *world) blinded(node string, s health.Status) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blind[node] = append(w.blind[node], s)
	w.noteLocked()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.blind[node] = w.blind[node][1:]
		w.noteLocked()
	}
}

func (w *world) seenLocked(node, target string) health.Status {
	if b := w.blind[node]; len(b) > 0 {
		return b[len(b)-1]
	}
	if s, ok := w.truth[target]; ok {
		return s
	}
	return health.Up
}

// noteLocked records what is seen differently from before.
func (w *world) noteLocked() {
	for _, node := range w.record.nodes() {
		for _, target := range w.targets {
			at := check.Pair{From: node, To: target}
			before, known := w.seen[at]
			if s := w.seenLocked(node, target); !known && s != health.Up || known && s != before {
				w.seen[at] = s
				w.record.sight(node, target, s)
			}
		}
	}
}

// Check implements verify.Checker.
func (w *world) Check(ctx context.Context, r verify.Request) verify.Sample {
	const takes = 5 * time.Millisecond
	started := time.Now()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return verify.Sample{Reason: "cut short", Time: started}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return verify.Sample{Status: w.seenLocked(r.Node, r.Value), Reason: "seen", Time: started, Duration: takes, Revision: r.Revision}
}

// all returns what each target really is.
func (w *world) all() map[string]health.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	truth := map[string]health.Status{}
	for _, t := range w.targets {
		truth[t] = w.truth[t]
	}
	return truth
}

// note records what nodes see that are new.
func (w *world) note() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noteLocked()
}

// calm lets every node see everything as it is.
func (w *world) calm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.blind)
	w.noteLocked()
}

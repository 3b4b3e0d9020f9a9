//go:build linux

package hosttest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/clustertest/check"
	"tocsin/health"
)

// recorder writes down what this package does and what it sees. It may be used
// from any goroutine.
type recorder struct {
	began time.Time // by the wall

	mu      sync.Mutex
	history check.History // guarded by mu
	trouble []string      // guarded by mu: what must never happen, and no checker looks for
}

func newRecorder() *recorder {
	began := time.Now().Round(0)
	return &recorder{began: began, history: check.History{Epoch: began, Sites: map[string]string{}}}
}

// at returns when a moment of the wall clock was.
func (r *recorder) at(moment time.Time) time.Duration { return moment.Round(0).Sub(r.began) }

func (r *recorder) now() time.Duration { return r.at(time.Now()) }

func (r *recorder) change(f func(h *check.History, at time.Duration)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.history, r.now())
}

func (r *recorder) fault(format string, args ...any) {
	r.change(func(h *check.History, at time.Duration) {
		h.Faults = append(h.Faults, check.Fault{At: at, What: fmt.Sprintf(format, args...)})
	})
}

func (r *recorder) sight(node, target string, s health.Status) {
	r.change(func(h *check.History, at time.Duration) {
		h.Sights = append(h.Sights, check.Sight{Node: node, Target: target, Status: s, At: at})
	})
}

// ready notes whether a node calls itself ready, if that is new.
func (r *recorder) ready(node string, ready bool, problems []string) {
	r.change(func(h *check.History, at time.Duration) {
		for _, before := range slices.Backward(h.Ready) {
			if before.Node == node {
				if before.Ready == ready {
					return
				}
				break
			}
		}
		h.Ready = append(h.Ready, check.Ready{Node: node, Ready: ready, Problems: problems, At: at})
	})
}

// broken notes what must never happen.
func (r *recorder) broken(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	r.fault("BROKEN: %s", what)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = append(r.trouble, what)
}

// troubles returns what broken was told.
func (r *recorder) troubles() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.trouble)
}

// taken returns what was written down, to be completed.
func (r *recorder) taken() check.History {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.history
}

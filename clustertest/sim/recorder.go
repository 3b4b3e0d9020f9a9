package sim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest"
	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
	"tocsin/notify"
)

// recorder writes the history. All of it may be used from any goroutine.
type recorder struct {
	began time.Time

	mu      sync.Mutex
	history check.History
	lives   []*life
	names   []string
	applied map[uint64]committed
	counts  map[string]int // of what is to be seen sometimes
}

// committed is an entry that a node has applied.
type committed struct {
	*raft.Log
	at time.Duration
	by string
}

// life is one process, as it is recorded.
type life struct {
	check.Life
	process clustertest.Life
	// The watcher has seen the log up to index and events up to event. What a
	// snapshot brought, up to skip, may differ from what is left in the log.
	index, event, skip uint64
	node               *node.Node
}

func newRecorder() *recorder {
	now := time.Now()
	return &recorder{
		began: now, applied: map[uint64]committed{}, counts: map[string]int{},
		history: check.History{Epoch: now, Sites: map[string]string{}},
	}
}

func (r *recorder) now() time.Duration { return time.Since(r.began) }

// change changes the history, and counts of a thing that it happened.
func (r *recorder) change(f func(h *check.History, at time.Duration)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.history, r.now())
}

func (r *recorder) sometimes(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what]++
}

func (r *recorder) nodes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

func (r *recorder) newcomer(name, site string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.names, name) {
		r.names = append(r.names, name)
		r.history.Sites[name] = site
	}
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

// begin records that a process starts.
func (r *recorder) begin(process clustertest.Life, fresh bool) *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &life{process: process, Life: check.Life{Node: process.Node, Number: process.Number, From: r.now(), Fresh: fresh}}
	r.lives = append(r.lives, l)
	return l
}

// end records that the present process of a node ends.
func (r *recorder) end(name string, killed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lives {
		if l.Life.Node == name && l.To == 0 {
			l.To, l.Killed = r.now(), killed
		}
	}
}

// run records the start of a script, and returns what records its end.
func (r *recorder) run(l *life, job notify.Job) (end func(exit int, cut bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := len(r.history.Runs)
	r.history.Runs = append(r.history.Runs, check.Run{
		Node: job.Node, Life: l.Number, Event: job.Event.ID, Key: job.Event.Key, To: job.Event.To,
		Role: job.Role, Attempt: job.Attempt, From: r.now(),
	})
	return func(exit int, cut bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		run := &r.history.Runs[place]
		run.End, run.Exit, run.Cut = r.now(), exit, cut
	}
}

// running returns the nodes that are in the middle of a script.
func (r *recorder) running() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := map[string]bool{}
	for _, run := range r.history.Runs {
		if run.End == 0 {
			in[run.Node] = true
		}
	}
	return slices.Sorted(maps.Keys(in))
}

// runningLocked reports whether any node is in the middle of a script that it
// started as leader.
func (r *recorder) runningLocked() bool {
	return slices.ContainsFunc(r.history.Runs, func(run check.Run) bool { return run.End == 0 && run.Role == fsm.Leader })
}

// watch follows what a process applies until it ends.
func (r *recorder) watch(l *life, n *node.Node) {
	r.mu.Lock()
	l.node = n
	view := n.View()
	l.index = view.Index() // from a snapshot: somebody has seen it applied
	l.event = view.LastEvent()
	r.mu.Unlock()
	go func() {
		for {
			select {
			case <-view.Superseded():
			case <-l.process.Over.Done():
				return
			}
			view = n.View()
			r.observe(l, view)
		}
	}()
}

func (r *recorder) observe(l *life, view *fsm.View) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.process.Over.Err() != nil {
		return
	}
	at := r.now()
	for index := max(l.index, l.skip) + 1; index <= view.Index(); index++ {
		if entry, ok := l.process.Entry(index); ok {
			r.commit(l.Life.Node, entry, at)
		}
	}
	l.index = max(l.index, view.Index())
	r.history.Applied = append(r.history.Applied, check.Applied{Node: l.Life.Node, Life: l.Number, Index: view.Index(), At: at})
	for e := range view.EventsAfter(l.event) {
		l.event = e.ID
		r.history.Seen = append(r.history.Seen, check.Seen{Node: l.Life.Node, Life: l.Number, Event: e, At: at})
	}
}

func (r *recorder) commit(by string, entry *raft.Log, at time.Duration) {
	before, known := r.applied[entry.Index]
	if !known {
		r.applied[entry.Index] = committed{entry, at, by}
		return
	}
	if before.Term != entry.Term {
		r.history.Conflicts = append(r.history.Conflicts, fmt.Sprintf(
			"at index %d %s applied an entry of term %d at %v, and %s one of term %d at %v",
			entry.Index, before.by, before.Term, before.at, by, entry.Term, at))
	}
}

// installs notes that a process gets a snapshot up to an index.
func (r *recorder) installs(l *life, index uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.node == nil || index <= l.node.Readiness().Index {
		return // its own
	}
	l.skip = max(l.skip, index)
	r.counts[SnapshotInstalled]++
}

// newest returns the present process of a node.
func (r *recorder) newest(name string) *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.newestLocked(name)
}

func (r *recorder) newestLocked(name string) *life {
	for _, l := range slices.Backward(r.lives) {
		if l.Life.Node == name {
			return l
		}
	}
	return nil
}

// caughtUp reports whether the present process of a node has registered, and
// has applied that.
func (r *recorder) caughtUp(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.newestLocked(name)
	return l != nil && l.To == 0 && l.node != nil && l.Epoch != 0 && l.index >= l.Epoch
}

// anybody draws a process that is up, nil if all are down. Without dice it is
// the first.
func (r *recorder) anybody(dice *rand.Rand) *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	var up []*life
	for _, name := range r.names {
		if l := r.newestLocked(name); l.To == 0 && l.node != nil {
			up = append(up, l)
		}
	}
	if len(up) == 0 {
		return nil
	}
	if dice == nil {
		return up[0]
	}
	return up[dice.IntN(len(up))]
}

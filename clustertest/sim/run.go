package sim

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/clustertest"
	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/node"
)

// run is one plan as it is played. Its fields are for the goroutine of the test,
// but for what says otherwise.
type run struct {
	t       *testing.T
	plan    Plan
	cluster *clustertest.Cluster
	record  *recorder
	world   *world
	scripts *scripts
	traps   *traps

	links    []*linkFault
	dealt    bool     // addresses were dealt anew
	starred  bool     // one of them lets gossip go through one node
	apart    bool     // one of them keeps a minority out of the gossip
	actions  []action // to be done, in order of time
	down     map[string]bool
	wiped    string // the node that lost its disk last, until it is a voter again
	fresh    map[string]bool
	replaced map[string]bool // nodes that ever got a new disk
	forgot   map[string]bool // nodes that were made to forget in their ledgers, until they start
	mends    []func()        // end faults of disks; each may be called again
	left     map[string]bool // was told to leave, and has not been started since
	ready    map[string]bool
	working  sync.WaitGroup // clients, and leaving
	labels   atomic.Uint64  // so many were given to writes
	stopping chan struct{}  // closed when clients are to stop
}

// action is something to be done at a time.
type action struct {
	at time.Duration
	do func()
}

// Result is what came of a plan.
type Result struct {
	History *check.History
	// Sometimes counts what happened of what is to happen sometimes.
	Sometimes map[string]int
}

// Run plays a plan. It is called inside a bubble.
func Run(t *testing.T, p Plan) Result {
	r := &run{
		t: t, plan: p, record: newRecorder(), down: map[string]bool{}, ready: map[string]bool{},
		fresh: map[string]bool{}, left: map[string]bool{}, replaced: map[string]bool{}, forgot: map[string]bool{},
		stopping: make(chan struct{}), traps: newTraps(p.mayHit),
	}
	r.world, r.scripts = newWorld(r.record), newScripts(p.Seed, r.record, r.traps)
	r.cluster = clustertest.New(t, p.Nodes, clustertest.Options{
		Seed:     p.Seed,
		Settings: func(s *fsm.ClusterSettings) { *s = p.Settings },
		Outside:  r.outside,
		Config:   r.config,
		Started:  r.started,
	})
	r.setLinks()
	for i := range p.Endpoints {
		r.write(-1, nil, fsm.SetEndpoint{Key: key(i), Value: target(key(i), 0), Parents: p.parents(key(i))})
		for _, v := range []int{0, 1} {
			r.world.set(target(key(i), v), statusOf(p.Seed+uint64(3*i+v)))
		}
	}
	r.clients()
	from := r.record.now()
	r.play()
	r.calm()
	r.settle()
	return r.finish(from)
}

// outside gives a process the world of the simulation.
func (r *run) outside(process clustertest.Life, out *node.Outside) {
	fresh := process.Number == 1 || r.fresh[process.Node]
	delete(r.fresh, process.Node)
	r.record.newcomer(process.Node, r.plan.site(process.Node))
	l := r.record.begin(process, fresh)
	l.Forgot = r.forgot[process.Node]
	delete(r.forgot, process.Node)
	out.Checker, out.Runner = r.world, r.scripts.of(l)
	out.Raft.Log = &watchedLog{LogStore: out.Raft.Log, life: process, traps: r.traps}
	out.Raft.Snapshots = snapshots{out.Raft.Snapshots, func(index uint64) { r.record.installs(l, index) }}
}

func (r *run) config(cfg *node.Config) {
	cfg.Site = r.plan.site(cfg.Name)
	cfg.Bootstrap = cfg.Bootstrap && r.bootstraps(cfg.Name)
	cfg.Retention = r.plan.Retention
	cfg.Logger = slog.New(logs{record: r.record, life: r.record.newest(cfg.Name)})
}

func (r *run) started(process clustertest.Life, n *node.Node) {
	r.record.watch(r.record.newest(process.Node), n)
}

// play does what the plan says, until its time is over.
func (r *run) play() {
	for _, s := range r.plan.Steps {
		r.at(s.At, func() {
			if end := r.begin(s); end != nil && s.For > 0 {
				r.at(s.At+s.For, end)
			}
		})
	}
	r.until(r.plan.Length)
}

func (r *run) at(at time.Duration, do func()) {
	i, _ := slices.BinarySearchFunc(r.actions, at, func(a action, at time.Duration) int {
		if a.at <= at {
			return -1
		}
		return 1
	})
	r.actions = slices.Insert(r.actions, i, action{at, do})
}

// until does what is due until then, and looks at the nodes every second.
func (r *run) until(end time.Duration) {
	for now := r.record.now(); now < end; now = r.record.now() {
		next := now + time.Second
		if len(r.actions) > 0 {
			next = min(next, r.actions[0].at)
		}
		select {
		case <-time.After(min(next, end) - now):
		case sprung := <-r.traps.sprung:
			r.at(r.record.now()+sprung.after, sprung.strike)
		}
		for len(r.actions) > 0 && r.actions[0].at <= r.record.now() {
			do := r.actions[0].do
			r.actions = r.actions[1:]
			do()
		}
		r.look()
	}
}

// look notes who is ready, and starts again who has ended by itself, as the
// service manager of a machine would.
func (r *run) look() {
	for _, name := range r.cluster.Up() {
		n := r.cluster.Node(name)
		select {
		case <-n.Done():
			r.record.fault("%s has ended by itself: %v", name, n.Err())
			r.stop(name)
			r.restartSoon(name)
			continue
		default:
		}
		readiness := n.Readiness()
		if before, known := r.ready[name]; known && before == readiness.Ready {
			continue
		}
		r.ready[name] = readiness.Ready
		r.noteReady(name, readiness.Ready, readiness.Problems)
	}
}

func (r *run) noteReady(name string, ready bool, problems []string) {
	r.record.change(func(h *check.History, at time.Duration) {
		h.Ready = append(h.Ready, check.Ready{Node: name, Ready: ready, Problems: problems, At: at})
	})
}

// stop, crash and restart keep the books of who is up.

func (r *run) stop(name string)  { r.takeDown(name, false, r.cluster.BeginStop) }
func (r *run) crash(name string) { r.takeDown(name, true, r.cluster.Crash) }

func (r *run) takeDown(name string, killed bool, how func(string)) {
	r.record.end(name, killed)
	how(name)
	r.down[name] = true
	delete(r.ready, name)
	r.noteReady(name, false, []string{"it is down"})
	r.noteLinks()
}

// restartSoon restarts a node in a moment.
func (r *run) restartSoon(name string) {
	r.at(r.record.now()+2*time.Second, func() { r.restart(name) })
}

func (r *run) restart(name string) {
	if !r.down[name] {
		return
	}
	if !r.cluster.Ended(name) { // or else all would wait for it
		r.restartSoon(name)
		return
	}
	if !r.comesUp(name) {
		return
	}
	delete(r.down, name)
	delete(r.left, name)
	r.record.fault("%s starts again", name)
	r.noteLinks()
}

// pick draws one of some names.
func pick(dice *rand.Rand, names []string) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	return names[dice.IntN(len(names))], true
}

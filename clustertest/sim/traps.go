package sim

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest"
	"tocsin/clustertest/simnet"
	"tocsin/fsm"
)

// moment is a point that a process comes to. Chance hardly ever strikes there,
// so that faults lie in wait for it.
type moment int

const (
	inScript       moment = iota // a notification script has started
	inLeaderScript               // one has started with the role of the leader
	atDecision                   // the leader has written a transition into its log
	atWrite                      // the leader has written what a client wants into its log
)

// trap is a fault that lies in wait.
type trap struct {
	at     moment
	strike func(clustertest.Life)
	after  time.Duration
}

// sprung is what is to be done because a process has come to the moment.
type sprung struct {
	strike func()
	after  time.Duration
}

// traps are the faults that lie in wait. All of it may be used from any
// goroutine; what a trap does is for the goroutine of the test, which reads
// sprung.
type traps struct {
	mayHit func(node string) bool
	sprung chan sprung // has a place for each trap that can be set at once; closed by nobody

	mu       sync.Mutex
	set      []*trap
	appended position // the newest entry that any log has
}

const mostTraps = 64

func newTraps(mayHit func(string) bool) *traps {
	return &traps{mayHit: mayHit, sprung: make(chan sprung, mostTraps)}
}

// lay sets a trap, and returns what takes it away again.
func (t *traps) lay(laid *trap) (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.set) < mostTraps {
		t.set = append(t.set, laid)
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.set = slices.DeleteFunc(t.set, func(other *trap) bool { return other == laid })
	}
}

// clear takes all traps away, and forgets what has gone off.
func (t *traps) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set = nil
	for len(t.sprung) > 0 {
		<-t.sprung
	}
}

// spring tells that a process has come to a moment. One trap goes off, if any
// was laid there.
func (t *traps) spring(at moment, l clustertest.Life) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.set, func(laid *trap) bool { return laid.at == at })
	if i < 0 || !t.mayHit(l.Node) {
		return
	}
	laid := t.set[i]
	select {
	case t.sprung <- sprung{func() { laid.strike(l) }, laid.after}:
		t.set = slices.Delete(t.set, i, i+1)
	default: // so many have gone off that nobody has come to look: it stays
	}
}

// position is a place in the log, of a term.
type position struct{ term, index uint64 }

// leads reports whether whoever appends the entry is its leader: the first to
// have it.
func (t *traps) leads(entry *raft.Log) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := position{entry.Term, entry.Index}
	if at.term < t.appended.term || at.term == t.appended.term && at.index <= t.appended.index {
		return false
	}
	t.appended = at
	return true
}

// watchedLog is the log of one process, and springs traps.
type watchedLog struct {
	raft.LogStore
	life  clustertest.Life
	traps *traps
}

// StoreLog implements raft.LogStore.
func (w *watchedLog) StoreLog(entry *raft.Log) error { return w.StoreLogs([]*raft.Log{entry}) }

// StoreLogs implements raft.LogStore.
func (w *watchedLog) StoreLogs(entries []*raft.Log) error {
	if err := w.LogStore.StoreLogs(entries); err != nil {
		return err
	}
	for _, entry := range entries {
		if !w.traps.leads(entry) || entry.Type != raft.LogCommand {
			continue
		}
		if at, known := momentOf(entry); known {
			w.traps.spring(at, w.life)
		}
	}
	return nil
}

func momentOf(entry *raft.Log) (at moment, known bool) {
	commands, err := fsm.Decode(entry.Data)
	if err != nil {
		return 0, false // whoever applies it says so
	}
	for _, c := range commands {
		switch c.(type) {
		case fsm.Transition:
			return atDecision, true
		case fsm.SetEndpoint, fsm.DeleteEndpoint, fsm.ChangeSettings:
			return atWrite, true
		}
	}
	return 0, false
}

// lieInWait lays a trap.
func (r *run) lieInWait(kind Kind, dice *rand.Rand) (end func()) {
	laid := &trap{}
	// A commit takes a message and its answer: these are the moments at which it
	// is on its way, has come to some, and is known to the leader.
	laid.after = time.Duration(dice.IntN(7)) * (simnet.Latency + r.plan.Jitter + r.plan.Distance + r.plan.RaftDelay) / 2
	switch kind {
	case StrikeDecision:
		laid.at = atDecision
	case StrikeWrite:
		laid.at = atWrite
	case StrikeScript, StrikeLeaderScript:
		laid.at = inScript
		if kind == StrikeLeaderScript {
			laid.at = inLeaderScript
		}
		laid.after = time.Duration(dice.IntN([]int{15, 2000}[dice.IntN(2)])) * time.Millisecond
	}
	how, last := dice.IntN(8), time.Duration(500+dice.IntN(20_000))*time.Millisecond
	laid.strike = func(l clustertest.Life) { r.hit(kind, how, last, l) }
	return r.traps.lay(laid)
}

// hit does something to a process, if it is still the one that is up.
func (r *run) hit(kind Kind, how int, last time.Duration, l clustertest.Life) {
	if r.down[l.Node] || r.record.newest(l.Node).Number != l.Number {
		return
	}
	until := r.record.now() + last
	say := func(what string) { r.record.fault("%s: %s of %s for %v", kind, what, l.Node, last) }
	cut := func(link simnet.Link) { r.at(until, r.breakLinks(around(l.Node, link))) }
	switch how {
	case 0:
		say("end")
		r.stop(l.Node)
	case 1, 2:
		say("isolation")
		cut(simnet.Link{Cut: true})
		return
	case 3:
		say("isolation from raft")
		cut(simnet.Link{Cut: true, Of: simnet.OfRaft})
		return
	default:
		say("death")
		r.crash(l.Node)
	}
	r.at(until, func() { r.restart(l.Node) })
}

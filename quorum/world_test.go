package quorum_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/quorum"
)

// world is a replicated state, and the ballots that one node holds.
type world struct {
	t testing.TB
	*fsm.Machine
	ballots *gossipdb.DB

	mu    sync.Mutex
	index uint64
	term  uint64
}

const settled = "settled" // an incarnation that stays

// newWorld has observers node1, node2 and so on, one for each site.
func newWorld(t testing.TB, sites ...string) *world {
	w := &world{t: t, Machine: fsm.NewMachine(), ballots: gossipdb.New("elsewhere"), term: 1}
	w.apply(fsm.Found{ClusterID: "test", Settings: fsm.DefaultClusterSettings()})
	for i, site := range sites {
		w.register(fmt.Sprintf("node%d", i+1), site, settled)
	}
	return w
}

func (w *world) register(node, site, incarnation string) {
	w.t.Helper()
	w.must(fsm.RegisterObserver{Node: node, Site: site, Incarnation: incarnation})
}

// apply commits one entry.
func (w *world) apply(commands ...fsm.Command) []fsm.Result {
	w.t.Helper()
	data, err := fsm.Encode(commands...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index++
	results, ok := w.Apply(&raft.Log{Index: w.index, Term: w.term, Data: data}).([]fsm.Result)
	if !ok {
		w.t.Fatal(w.Err())
	}
	return results
}

func (w *world) must(commands ...fsm.Command) {
	w.t.Helper()
	for _, r := range w.apply(commands...) {
		if r.Refused != nil {
			w.t.Fatal(r.Refused)
		}
	}
}

// set adds or changes an endpoint.
func (w *world) set(key, value string) *fsm.Endpoint {
	w.t.Helper()
	w.must(fsm.SetEndpoint{Key: key, Value: value})
	return w.endpoint(key)
}

// setMany adds n endpoints, endpoint0 and so on, and returns their keys.
func (w *world) setMany(n int) []string {
	w.t.Helper()
	keys := make([]string, n)
	var commands []fsm.Command
	for i := range keys {
		keys[i] = fmt.Sprintf("endpoint%d", i)
		commands = append(commands, fsm.SetEndpoint{Key: keys[i], Value: "v"})
	}
	for some := range slices.Chunk(commands, fsm.MaxCommands) {
		w.must(some...)
	}
	return keys
}

func (w *world) endpoint(key string) *fsm.Endpoint {
	w.t.Helper()
	e, ok := w.View().Endpoint(key)
	if !ok {
		w.t.Fatalf("there is no endpoint %q", key)
	}
	return e
}

// force brings an endpoint to a state without any vote.
func (w *world) force(to health.Status, keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		e := w.endpoint(key)
		w.must(fsm.Transition{
			Key: key, Basis: w.View().Basis(e), To: to, Term: w.term, Time: time.Now(), Leader: "somebody",
		})
	}
}

// ballot returns what node has to say of the first page: what it said last,
// and status about the endpoints of keys.
func (w *world) ballot(node string, status health.Status, keys ...string) *gossipdb.Ballot {
	w.t.Helper()
	o, ok := w.View().Observer(node)
	if !ok {
		w.t.Fatalf("there is no observer %q", node)
	}
	b := &gossipdb.Ballot{Node: node, Epoch: o.Epoch, Sequence: 1, Index: w.View().EndpointsIndex()}
	bits := make([]byte, gossipdb.PageSlots/4)
	if held, ok := w.ballots.Table().Get(node, 0); ok && held.Ballot.Epoch == b.Epoch {
		b.Sequence = held.Ballot.Sequence + 1
		b.Reasons = held.Ballot.Reasons
		copy(bits, held.Ballot.Bits)
	}
	for _, key := range keys {
		slot := w.endpoint(key).Slot
		bits[slot/4] = bits[slot/4]&^(3<<(slot%4*2)) | byte(status)<<(slot%4*2)
	}
	b.Bits = []byte(strings.TrimRight(string(bits), "\x00"))
	return b
}

// say brings a ballot, made just now, in which node says status of the keys.
func (w *world) say(node string, status health.Status, keys ...string) {
	w.t.Helper()
	w.receive(w.ballot(node, status, keys...), 0)
}

func (w *world) receive(b *gossipdb.Ballot, age time.Duration) {
	w.t.Helper()
	if !w.ballots.Receive(b, age) {
		w.t.Fatalf("the ballot %+v was not taken", b)
	}
}

// abstain brings a ballot, made just now, in which node doubts itself.
func (w *world) abstain(node string) {
	w.t.Helper()
	b := w.ballot(node, health.Unknown)
	b.Bits, b.Reasons, b.Abstains = nil, nil, "no canary answers"
	w.receive(b, 0)
}

// allSay has all observers say status of the keys.
func (w *world) allSay(status health.Status, keys ...string) {
	w.t.Helper()
	for o := range w.View().Observers() {
		w.say(o.Node, status, keys...)
	}
}

// leader is a Proposer that applies at once, unless it is told otherwise. Its
// fields are set before the Loop runs.
type leader struct {
	*world
	// obstacle may return before the transition is applied, with an error or
	// errSwallowed; nil for none.
	obstacle func(ctx context.Context, t fsm.Transition) error
	// awake is the Awake of the Loop.
	awake func() time.Time

	mu       sync.Mutex
	proposed []fsm.Transition
	refused  int
	flying   int
	mostAway int // the most proposals there were at one time
}

var (
	// errSwallowed makes Propose return nil although nothing was done: as if
	// the state machine had refused.
	errSwallowed = errors.New("swallowed")
	errUncertain = errors.New("leadership was lost while the entry was on its way")
)

func (l *leader) Propose(ctx context.Context, t fsm.Transition) error {
	l.note(func() {
		l.proposed = append(l.proposed, t)
		l.flying++
		l.mostAway = max(l.mostAway, l.flying)
	})
	defer l.note(func() { l.flying-- })
	if l.obstacle != nil {
		if err := l.obstacle(ctx, t); err != nil {
			if errors.Is(err, errSwallowed) {
				return nil
			}
			return err
		}
	}
	if l.apply(t)[0].Refused != nil {
		l.note(func() { l.refused++ })
	}
	return nil
}

func (l *leader) note(what func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what()
}

// say and allSay are those of the world, and wait until all was thought of it.
func (l *leader) say(node string, status health.Status, keys ...string) {
	l.t.Helper()
	l.world.say(node, status, keys...)
	synctest.Wait()
}

func (l *leader) allSay(status health.Status, keys ...string) {
	l.t.Helper()
	l.world.allSay(status, keys...)
	synctest.Wait()
}

// must and set are those of the world, and wait until the Loop has followed: a
// ballot that is ahead of the View it decides by counts only a moment later.
func (l *leader) must(commands ...fsm.Command) {
	l.t.Helper()
	l.world.must(commands...)
	synctest.Wait()
}

func (l *leader) set(key, value string) *fsm.Endpoint {
	l.t.Helper()
	e := l.world.set(key, value)
	synctest.Wait()
	return e
}

// count returns how many proposals there were so far.
func (l *leader) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.proposed)
}

// run runs a Loop that takes office now. What it returns stops it, and returns
// how long that took. It is for bubbles, as is everything that waits.
func (l *leader) run() (loop *quorum.Loop, stop func() time.Duration) {
	loop = quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l, Awake: l.awake})
	ctx, cancel := context.WithCancelCause(l.t.Context())
	lost := errors.New("the lead was lost")
	done := make(chan error)
	since := time.Now()
	go func() { done <- loop.Run(ctx, l.term, since) }()
	return loop, func() time.Duration {
		l.t.Helper()
		start := time.Now()
		cancel(lost)
		if err := <-done; !errors.Is(err, lost) {
			l.t.Errorf("Run = %v, want the cause of the end", err)
		}
		return time.Since(start)
	}
}

package scavenger_test

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
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/scavenger"
)

// place is what one node, named here, holds.
type place struct {
	t testing.TB
	*fsm.Machine
	ballots *gossipdb.DB
	index   uint64
	samples
}

func newPlace(t testing.TB) *place {
	p := &place{t: t, Machine: fsm.NewMachine(), ballots: gossipdb.New("here")}
	p.samples.keys = make(map[string]bool)
	p.apply(fsm.Found{ClusterID: "test", Settings: fsm.DefaultClusterSettings()})
	p.register("here")
	p.register("there")
	p.ballots.Open(p.epoch("here"))
	return p
}

func (p *place) apply(command fsm.Command) {
	p.t.Helper()
	data, err := fsm.Encode(command)
	if err != nil {
		p.t.Fatal(err)
	}
	p.index++
	results := p.Apply(&raft.Log{Index: p.index, Term: 1, Data: data}).([]fsm.Result)
	if results[0].Refused != nil {
		p.t.Fatal(results[0].Refused)
	}
}

func (p *place) register(node string) {
	p.t.Helper()
	p.apply(fsm.RegisterObserver{Node: node, Incarnation: "first"})
}

func (p *place) epoch(node string) uint64 {
	o, _ := p.View().Observer(node)
	return o.Epoch
}

// hear brings a ballot of page that is age old.
func (p *place) hear(node string, page uint16, epoch, sequence uint64, age time.Duration) {
	p.t.Helper()
	b := &gossipdb.Ballot{Node: node, Epoch: epoch, Sequence: sequence, Index: p.View().Index(), Page: page}
	if !p.ballots.Receive(b, age) {
		p.t.Fatalf("the ballot %+v was not taken", b)
	}
}

// holds says of whom which pages are held: "here/0 there/0 there/1".
func (p *place) holds() string {
	var pages []string
	for h := range p.ballots.Table().All() {
		pages = append(pages, fmt.Sprintf("%s/%d", h.Ballot.Node, h.Ballot.Page))
	}
	return strings.Join(pages, " ")
}

func (p *place) expect(when, ballots, samples string) {
	p.t.Helper()
	if got := p.holds(); got != ballots {
		p.t.Errorf("%s: ballots %s, want %s", when, got, ballots)
	}
	if got := strings.Join(p.SampledKeys(), " "); got != samples {
		p.t.Errorf("%s: samples of %s, want %s", when, got, samples)
	}
}

// run runs a Scavenger until the test ends. It is for bubbles.
func (p *place) run() *scavenger.Scavenger {
	s := scavenger.New(scavenger.Config{Node: "here", Machine: p.Machine, Ballots: p.ballots, Samples: &p.samples})
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	p.t.Cleanup(func() {
		cancel(enough)
		if err := <-done; !errors.Is(err, enough) {
			p.t.Errorf("Run = %v, want the cause of the end", err)
		}
	})
	synctest.Wait()
	return s
}

// samples is a fake of what checks leave behind.
type samples struct {
	mu    sync.Mutex
	keys  map[string]bool
	asked int
}

func (s *samples) SampledKeys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	var keys []string
	for key := range s.keys {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (s *samples) Forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

func (s *samples) sample(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		s.keys[key] = true
	}
}

func (s *samples) looks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func TestScavenger_RemovesSamplesOfDeletedEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		p.apply(fsm.SetEndpoint{Key: "a", Value: "v"})
		p.apply(fsm.SetEndpoint{Key: "b", Value: "v"})
		p.sample("a", "b")
		p.run()
		p.apply(fsm.DeleteEndpoint{Key: "a"})
		time.Sleep(time.Second - 1)
		p.expect("before it has settled", "here/0", "a b")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		p.expect("settled", "here/0", "b")
		p.apply(fsm.DeleteEndpoint{Key: "b"})
		p.apply(fsm.SetEndpoint{Key: "b", Value: "v"})
		time.Sleep(time.Hour)
		p.expect("added again", "here/0", "b")
	})
}

func TestScavenger_RemovesBallotsOfWhoObservesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		p.hear("there", 0, p.epoch("there"), 1, 0)
		p.hear("there", 1, p.epoch("there"), 2, 0)
		p.run()
		p.apply(fsm.RemoveObserver{Node: "there"})
		p.apply(fsm.RemoveObserver{Node: "here"})
		time.Sleep(time.Second)
		synctest.Wait()
		p.expect("removed", "here/0", "")
	})
}

func TestScavenger_LooksOnlyWhenSomethingWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		p.run()
		for i := range 100 {
			p.apply(fsm.SetEndpoint{Key: fmt.Sprint(i), Value: "v"})
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		if n := p.looks(); n != 0 {
			t.Errorf("it looked %d times while nothing was deleted", n)
		}
		for i := range 100 {
			p.apply(fsm.DeleteEndpoint{Key: fmt.Sprint(i)})
			time.Sleep(100 * time.Millisecond)
		}
		if n := p.looks(); n < 9 || n > 11 {
			t.Errorf("it looked %d times in ten seconds of deletions, want once a second", n)
		}
	})
}

func TestScavenger_RemovesWhoIsSilentForLongOnASweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		s := p.run()
		p.hear("there", 0, p.epoch("there"), 1, 0)
		long := 10 * p.View().Settings().BallotTTL()
		time.Sleep(long - 1)
		s.Sweep()
		synctest.Wait()
		p.expect("just before", "here/0 there/0", "")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		p.expect("nobody swept", "here/0 there/0", "")
		s.Sweep()
		s.Sweep()
		synctest.Wait()
		p.expect("swept", "here/0", "")
	})
}

func TestStale_KeepsWhatThisNodeDoesNotKnowYet(t *testing.T) {
	known := func(p *place) uint64 { return p.View().Index() }
	tests := map[string]struct {
		epoch, index func(p *place) uint64
		stale        bool
	}{
		"it is of a stranger":                 {known, known, true},
		"its process is newer than our state": {func(p *place) uint64 { return known(p) + 1 }, known, false},
		"its state is newer than ours":        {known, func(p *place) uint64 { return known(p) + 1 }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			b := &gossipdb.Ballot{Node: "stranger", Epoch: test.epoch(p), Sequence: 7, Index: test.index(p)}
			p.ballots.Receive(b, 0)
			got := scavenger.Stale(scavenger.Scene{Node: "here", View: p.View(), Ballots: p.ballots.Table(), Now: time.Now()})
			var want []scavenger.Page
			if test.stale {
				want = []scavenger.Page{{Node: "stranger", Page: 0, UpTo: b.Version()}}
			}
			if !slices.Equal(got.Ballots, want) || got.Empty() == test.stale {
				t.Errorf("Stale = %+v, want %+v", got.Ballots, want)
			}
		})
	}
}

// No vote that counts, or may come to count, is ever removed; and once all was
// removed there is nothing left to remove.
func TestStale_RemovesNothingThatCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlace(t)
		p.apply(fsm.SetEndpoint{Key: "a", Value: "v"})
		p.sample("a", "b")
		p.ballots.Cast(p.index, []gossipdb.Vote{{Slot: 0, Verdict: health.Down}})
		ttl := p.View().Settings().BallotTTL()
		now := time.Now()
		table := p.ballots.Table()
		for range rapid.IntRange(0, 8).Draw(rt, "ballots") {
			b := &gossipdb.Ballot{
				Node:     rapid.SampledFrom([]string{"here", "there", "stranger"}).Draw(rt, "node"),
				Epoch:    rapid.Uint64Range(1, p.index+2).Draw(rt, "epoch"),
				Sequence: rapid.Uint64Range(1, 5).Draw(rt, "sequence"),
				Index:    rapid.Uint64Range(1, p.index+2).Draw(rt, "index"),
				Page:     rapid.Uint16Range(0, 2).Draw(rt, "page"),
			}
			age := time.Duration(rapid.IntRange(0, 12).Draw(rt, "age")) * ttl
			table, _, _ = table.Merge(b, now.Add(-age))
		}
		scene := scavenger.Scene{Node: "here", View: p.View(), Ballots: table, Sampled: p.SampledKeys(), Now: now}
		stale := scavenger.Stale(scene)
		if !slices.Equal(stale.Samples, []string{"b"}) {
			rt.Fatalf("samples of %v are stale, want of b", stale.Samples)
		}
		for _, gone := range stale.Ballots {
			held, _ := table.Get(gone.Node, gone.Page)
			_, observes := scene.View.Observer(gone.Node)
			if gone.Node == "here" || observes && now.Sub(held.MadeAt) < 10*ttl {
				rt.Fatalf("%+v is removed", held)
			}
			scene.Ballots = scene.Ballots.Without(gone.Node, gone.Page)
		}
		scene.Sampled = []string{"a"}
		if again := scavenger.Stale(scene); !again.Empty() {
			rt.Fatalf("there is more to remove: %+v", again)
		}
	})
}

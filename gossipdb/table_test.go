package gossipdb_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/gossipdb"
	"tocsin/health"
)

func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, a, b *gossipdb.Table,
) {
	t.Helper()
	if diff := cmp.Diff(slices.Collect(a.All()), slices.Collect(b.All())); diff != "" {
		t.Fatalf("%s: %s", what, diff)
	}
}

func TestTable_MergeKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arrivals := drawArrivals(t)
		want := merged(nil, arrivals...)
		same(t, "in another order", merged(nil, rapid.Permutation(arrivals).Draw(t, "order")...), want)
		same(t, "twice", merged(want, arrivals...), want)

		cut := rapid.IntRange(0, len(arrivals)).Draw(t, "cut")
		left, right := merged(nil, arrivals[:cut]...), merged(nil, arrivals[cut:]...)
		for h := range right.All() {
			left, _, _ = left.Merge(h.Ballot, h.MadeAt)
		}
		same(t, "merged from two tables", left, want)
	})
}

// slowTwin keeps every ballot it ever saw and looks through all of them.
type slowTwin []arrival

func (s slowTwin) get(node string, page uint16) (best gossipdb.Held, ok bool) {
	for _, a := range s {
		b := a.ballot
		if b.Node != node || b.Page != page {
			continue
		}
		switch {
		case !ok || b.Newer(best.Ballot):
			best, ok = gossipdb.Held{Ballot: b, MadeAt: a.madeAt}, true
		case best.Ballot.Newer(b):
		default:
			if bytes.Compare(b.Append(nil), best.Ballot.Append(nil)) > 0 {
				best.Ballot = b
			}
			if a.madeAt.Before(best.MadeAt) {
				best.MadeAt = a.madeAt
			}
		}
	}
	return best, ok
}

func (s slowTwin) status(node string, slot uint32) health.Status {
	h, ok := s.get(node, gossipdb.PageOf(slot))
	if !ok {
		return health.Unknown
	}
	return h.Ballot.Verdict(slot)
}

func TestTable_AgreesWithSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table *gossipdb.Table
		var twin slowTwin
		for _, a := range drawArrivals(t) {
			b := a.ballot
			before, held := twin.get(b.Node, b.Page)
			next, changed, isNew := table.Merge(b, a.madeAt)
			after := append(slices.Clip(twin), a)

			if want := !held || b.Newer(before.Ballot); isNew != want {
				t.Fatalf("isNew = %v, want %v", isNew, want)
			}
			got, _ := next.Get(b.Node, b.Page)
			want, _ := after.get(b.Node, b.Page)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("held: %s", diff)
			}
			checkChanged(t, twin, after, b, changed)
			table, twin = next, after
		}
	})
}

// checkChanged asks slot by slot whether changed names those it should.
func checkChanged(t *rapid.T, before, after slowTwin, b *gossipdb.Ballot, changed []uint32) {
	old, held := before.get(b.Node, b.Page)
	now, _ := after.get(b.Node, b.Page)
	all := held && (old.Ballot.Epoch != now.Ballot.Epoch || old.Ballot.Index != now.Ballot.Index)
	var want []uint32
	for i := range uint32(gossipdb.PageSlots) {
		slot := uint32(b.Page)*gossipdb.PageSlots + i
		was, is := before.status(b.Node, slot), after.status(b.Node, slot)
		if was != is || all && is != health.Unknown {
			want = append(want, slot)
		}
	}
	if !slices.Equal(changed, want) {
		t.Fatalf("changed = %v, want %v", changed, want)
	}
}

func TestTable_RepeatingNeverFreshens(t *testing.T) {
	now := time.Now()
	b := &gossipdb.Ballot{Node: "a", Epoch: 1, Sequence: 1}
	table := merged(nil, arrival{b, now}, arrival{b, now.Add(time.Hour)})
	if h, _ := table.Get("a", 0); !h.MadeAt.Equal(now) {
		t.Errorf("repeated an hour later it is %v younger", h.MadeAt.Sub(now))
	}
	table = merged(table, arrival{b, now.Add(-time.Second)})
	if h, _ := table.Get("a", 0); !h.MadeAt.Equal(now.Add(-time.Second)) {
		t.Error("the earlier time was not kept")
	}
}

func TestTable_IsImmutable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arrivals := drawArrivals(t)
		table := merged(nil, arrivals...)
		before := slices.Collect(table.All())
		merged(table, drawArrivals(t)...)
		for _, h := range before {
			without := table.Without(h.Ballot.Node, h.Ballot.Page)
			if _, ok := without.Get(h.Ballot.Node, h.Ballot.Page); ok {
				t.Fatal("Without kept it")
			}
			if n := len(slices.Collect(without.All())); n != len(before)-1 {
				t.Fatalf("Without left %d of %d", n, len(before))
			}
		}
		if diff := cmp.Diff(before, slices.Collect(table.All())); diff != "" {
			t.Fatalf("the table changed: %s", diff)
		}
	})
}

func BenchmarkTable_Merge(b *testing.B) {
	for _, nodes := range []int{5, 50, 500} {
		b.Run(fmt.Sprintf("%d nodes", nodes), func(b *testing.B) { benchmarkMerge(b, nodes) })
	}
}

func benchmarkMerge(b *testing.B, nodes int) {
	var table *gossipdb.Table
	ballots := make([]gossipdb.Ballot, nodes)
	for i := range ballots {
		ballots[i] = *fullBallot(0)
		ballots[i].Node = fmt.Sprintf("n%d", i)
		ballots[i].Sequence = 0
		table, _, _ = table.Merge(&ballots[i], time.Now())
	}
	b.ReportAllocs()
	now, sequence := time.Now(), uint64(0)
	for b.Loop() {
		sequence++
		next := ballots[sequence%uint64(nodes)]
		next.Sequence = sequence
		table, _, _ = table.Merge(&next, now)
	}
}

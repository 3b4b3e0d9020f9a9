package pqueue

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type item struct{ rank, place int }

// The twin of a queue is a slice that is looked through.
func TestQueue_PopsTheLeastOfWhatIsInIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := New(func(a, b *item) bool { return a.rank < b.rank }, func(i *item) *int { return &i.place })
		all := make([]*item, 10)
		for i := range all {
			all[i] = &item{rank: 10 * i}
		}
		var twin []*item
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			n := rapid.IntRange(0, len(all)-1).Draw(rt, "which")
			x := all[n]
			at := slices.Index(twin, x)
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				x.rank = 10*rapid.IntRange(0, 20).Draw(rt, "rank") + n // never two alike
				q.Push(x)
				if at < 0 {
					twin = append(twin, x)
				}
			case 1:
				q.Remove(x)
				if at >= 0 {
					twin = slices.Delete(twin, at, at+1)
				}
			case 2:
				if len(twin) == 0 {
					continue
				}
				least := slices.MinFunc(twin, func(a, b *item) int { return a.rank - b.rank })
				twin = slices.DeleteFunc(twin, func(x *item) bool { return x == least })
				if top, got := q.Top(), q.Pop(); top != least || got != least {
					rt.Errorf("the top is %d and it popped %d, not %d", top.rank, got.rank, least.rank)
				}
			}
			if q.Len() != len(twin) {
				rt.Errorf("it holds %d, not %d", q.Len(), len(twin))
			}
			for _, x := range all {
				if in := slices.Contains(twin, x); in != (x.place != 0) {
					rt.Errorf("%d has the place %d, and is in it: %v", x.rank, x.place, in)
				}
			}
		}
		if kept := q.items.all[:cap(q.items.all)]; slices.ContainsFunc(kept[q.Len():], func(x *item) bool { return x != nil }) {
			rt.Error("it holds on to what it has let go")
		}
	})
}

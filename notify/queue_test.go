package notify

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The twin of a queue is a slice that is looked through.
func TestQueue_PopsTheLeastOfWhatIsInIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := newQueue(func(a, b *notification) bool { return a.Event < b.Event }, func(n *notification) *int { return &n.places.ready })
		all := make([]*notification, 10)
		for i := range all {
			all[i] = &notification{Entry: Entry{Event: uint64(i)}}
		}
		var twin []*notification
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			n := all[rapid.IntRange(0, len(all)-1).Draw(rt, "which")]
			at := slices.Index(twin, n)
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				q.push(n)
				if at < 0 {
					twin = append(twin, n)
				}
			case 1:
				q.remove(n)
				if at >= 0 {
					twin = slices.Delete(twin, at, at+1)
				}
			case 2:
				if len(twin) == 0 {
					continue
				}
				least := slices.MinFunc(twin, func(a, b *notification) int { return int(a.Event) - int(b.Event) })
				twin = slices.DeleteFunc(twin, func(n *notification) bool { return n == least })
				if top, got := q.top(), q.pop(); top != least || got != least {
					rt.Errorf("the top is %d and it popped %d, not %d", top.Event, got.Event, least.Event)
				}
			}
			if q.len() != len(twin) {
				rt.Errorf("it holds %d, not %d", q.len(), len(twin))
			}
		}
		if kept := q.items.all[:cap(q.items.all)]; slices.ContainsFunc(kept[q.len():], func(n *notification) bool { return n != nil }) {
			rt.Error("it holds on to what it has let go")
		}
	})
}

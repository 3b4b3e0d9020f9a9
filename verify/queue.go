package verify

import (
	"container/heap"
	"time"
)

// timed is what stands in a queue, at most one at a time: when it is due, and
// where it stands.
type timed struct {
	due   time.Time
	queue interface{ remove(place int) } // nil if it is in none
	place int
}

func (t *timed) timing() *timed { return t }

// unqueue takes t out of the queue it is in, if any.
func (t *timed) unqueue() {
	if t.queue != nil {
		t.queue.remove(t.place)
		t.queue = nil
	}
}

// queue holds pointers to what is timed, the one that is due first in front.
// Adding, taking and removing cost O(log n).
type queue[T interface{ timing() *timed }] struct{ heap byDue[T] }

func (q *queue[T]) len() int { return len(q.heap) }

// first returns what is due first; q must not be empty.
func (q *queue[T]) first() T { return q.heap[0] }

// due returns when the first is due, the zero time if there is none.
func (q *queue[T]) due() time.Time {
	if len(q.heap) == 0 {
		return time.Time{}
	}
	return q.first().timing().due
}

// has reports whether anything is due at now.
func (q *queue[T]) has(now time.Time) bool { return len(q.heap) > 0 && !q.due().After(now) }

// add puts x, which must be in no queue, into q.
func (q *queue[T]) add(x T) {
	x.timing().queue = q
	heap.Push(&q.heap, x)
}

// take removes and returns what is due first; q must not be empty.
func (q *queue[T]) take() T {
	x := q.first()
	x.timing().unqueue()
	return x
}

func (q *queue[T]) remove(place int) { heap.Remove(&q.heap, place) }

// byDue implements heap.Interface.
type byDue[T interface{ timing() *timed }] []T

func (h byDue[T]) Len() int           { return len(h) }
func (h byDue[T]) Less(i, j int) bool { return h[i].timing().due.Before(h[j].timing().due) }

func (h byDue[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].timing().place, h[j].timing().place = i, j
}

func (h *byDue[T]) Push(x any) {
	t := x.(T)
	t.timing().place = len(*h)
	*h = append(*h, t)
}

func (h *byDue[T]) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	var none T
	(*h)[last] = none
	*h = (*h)[:last]
	return t
}

package verify

import (
	"time"

	"tocsin/pqueue"
)

// queue holds what has a time, the one that is due first in front.
type queue[T any] struct {
	pqueue.Queue[T]
	dueOf func(T) time.Time
}

// newWaiting returns an empty queue of watches, newFlying one of flights.

func newWaiting() queue[*watch] {
	return newQueue(func(w *watch) time.Time { return w.due }, func(w *watch) *int { return &w.place })
}

func newFlying() queue[*flight] {
	return newQueue(func(f *flight) time.Time { return f.due }, func(f *flight) *int { return &f.place })
}

func newQueue[T any](due func(T) time.Time, place func(T) *int) queue[T] {
	sooner := func(a, b T) bool { return due(a).Before(due(b)) }
	return queue[T]{pqueue.New(sooner, place), due}
}

// due returns when the first is due, the zero time if there is none.
func (q *queue[T]) due() time.Time {
	if q.Len() == 0 {
		return time.Time{}
	}
	return q.dueOf(q.Top())
}

// has reports whether anything is due at now.
func (q *queue[T]) has(now time.Time) bool { return q.Len() > 0 && !q.due().After(now) }

// waitIn takes w out of the queue it is in, if any, and puts it into q.
func (w *watch) waitIn(q *queue[*watch]) {
	w.unqueue()
	w.queue = q
	q.Push(w)
}

// unqueue takes w out of the queue it is in, if any.
func (w *watch) unqueue() {
	if w.queue != nil {
		w.queue.Remove(w)
	}
}

// Package pqueue is a priority queue whose items know where they stand, so that
// one can be taken out of the middle or moved when its priority has changed.
//
// It is [container/heap] behind an interface without any: pushing, popping,
// moving and removing cost O(log n). A Queue is for one goroutine at a time.
package pqueue

import "container/heap"

// Queue holds items, each at most once, and gives out the least first.
type Queue[T any] struct{ items items[T] }

// New returns an empty queue in the order of less. place returns where an item
// keeps its place in this queue: 0 while it is not in it. An item that may be
// in several queues has a place for each, and nobody but the queue writes it.
func New[T any](less func(a, b T) bool, place func(T) *int) Queue[T] {
	return Queue[T]{items[T]{less: less, place: place}}
}

// Len returns how many items there are.
func (q *Queue[T]) Len() int { return len(q.items.all) }

// Push puts x in. If it is in already it is moved to where it belongs now.
func (q *Queue[T]) Push(x T) {
	if at := *q.items.place(x); at != 0 {
		heap.Fix(&q.items, at-1)
		return
	}
	heap.Push(&q.items, x)
}

// Pop removes and returns the least item; there must be one.
func (q *Queue[T]) Pop() T { return heap.Pop(&q.items).(T) }

// Top returns the least item; there must be one.
func (q *Queue[T]) Top() T { return q.items.all[0] }

// Remove takes x out, if it is in.
func (q *Queue[T]) Remove(x T) {
	if at := *q.items.place(x); at != 0 {
		heap.Remove(&q.items, at-1)
	}
}

// items implements heap.Interface. Places count from 1.
type items[T any] struct {
	all   []T
	less  func(a, b T) bool
	place func(T) *int
}

func (h *items[T]) Len() int           { return len(h.all) }
func (h *items[T]) Less(i, j int) bool { return h.less(h.all[i], h.all[j]) }

func (h *items[T]) Swap(i, j int) {
	h.all[i], h.all[j] = h.all[j], h.all[i]
	*h.place(h.all[i]), *h.place(h.all[j]) = i+1, j+1
}

func (h *items[T]) Push(x any) {
	item := x.(T)
	h.all = append(h.all, item)
	*h.place(item) = len(h.all)
}

func (h *items[T]) Pop() any {
	last := len(h.all) - 1
	item := h.all[last]
	var none T
	h.all[last] = none // let go of it
	h.all = h.all[:last]
	*h.place(item) = 0
	return item
}

package notify

import "container/heap"

// queue is a priority queue of notifications: pop returns the least. Adding,
// popping and removing cost O(log n). A notification is in a queue once at
// most and knows its place there.
type queue struct{ items ordered }

// places is where a notification stands in each queue, from 1; 0 is nowhere.
type places struct{ ready, pauses, ages int }

// newQueue returns an empty queue in the order of less, with place for where
// each notification keeps its place.
func newQueue(less func(a, b *notification) bool, place func(*notification) *int) queue {
	return queue{ordered{less: less, place: place}}
}

// push adds n, unless it is there already.
func (q *queue) push(n *notification) {
	if *q.items.place(n) == 0 {
		heap.Push(&q.items, n)
	}
}

// pop removes and returns the least; there must be one.
func (q *queue) pop() *notification { return heap.Pop(&q.items).(*notification) }

// remove takes n out, if it is there.
func (q *queue) remove(n *notification) {
	if at := *q.items.place(n); at != 0 {
		heap.Remove(&q.items, at-1)
	}
}

func (q *queue) len() int { return q.items.Len() }

// top returns the least; there must be one.
func (q *queue) top() *notification { return q.items.all[0] }

// ordered implements heap.Interface.
type ordered struct {
	all   []*notification
	less  func(a, b *notification) bool
	place func(*notification) *int
}

func (h *ordered) Len() int           { return len(h.all) }
func (h *ordered) Less(i, j int) bool { return h.less(h.all[i], h.all[j]) }

func (h *ordered) Swap(i, j int) {
	h.all[i], h.all[j] = h.all[j], h.all[i]
	*h.place(h.all[i]), *h.place(h.all[j]) = i+1, j+1
}

func (h *ordered) Push(x any) {
	n := x.(*notification)
	h.all = append(h.all, n)
	*h.place(n) = len(h.all)
}

func (h *ordered) Pop() any {
	last := len(h.all) - 1
	n := h.all[last]
	h.all[last] = nil // let go of it
	h.all = h.all[:last]
	*h.place(n) = 0
	return n
}

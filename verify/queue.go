package verify

import "container/heap"

// queue holds watches, the one that is due first in front. Adding, taking and
// removing cost O(log n). A watch is in at most one queue and knows its place
// in it.
type queue struct{ heap byDue }

func (q *queue) len() int { return len(q.heap) }

// first returns the watch that is due first, nil if there is none.
func (q *queue) first() *watch {
	if len(q.heap) == 0 {
		return nil
	}
	return q.heap[0]
}

// add puts w, which must be in no queue, into q.
func (q *queue) add(w *watch) {
	w.queue = q
	heap.Push(&q.heap, w)
}

// take removes and returns the watch that is due first; q must not be empty.
func (q *queue) take() *watch {
	w := q.heap[0]
	w.unqueue()
	return w
}

// unqueue takes w out of the queue it is in, if any.
func (w *watch) unqueue() {
	if w.queue == nil {
		return
	}
	heap.Remove(&w.queue.heap, w.place)
	w.queue = nil
}

// byDue implements heap.Interface.
type byDue []*watch

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byDue) Push(x any) {
	w := x.(*watch)
	w.place = len(*h)
	*h = append(*h, w)
}

func (h *byDue) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return w
}

package notify

import "container/heap"

// queue is a priority queue: pop returns the least.
type queue[T any] struct{ items ordered[T] }

func newQueue[T any](less func(a, b T) bool) queue[T] { return queue[T]{ordered[T]{less: less}} }

func (q *queue[T]) push(x T) { heap.Push(&q.items, x) }

func (q *queue[T]) pop() T { return heap.Pop(&q.items).(T) }

func (q *queue[T]) len() int { return q.items.Len() }

// top returns the least; there must be one.
func (q *queue[T]) top() T { return q.items.all[0] }

// ordered is a slice as container/heap wants it.
type ordered[T any] struct {
	all  []T
	less func(a, b T) bool
}

func (o *ordered[T]) Len() int           { return len(o.all) }
func (o *ordered[T]) Less(i, j int) bool { return o.less(o.all[i], o.all[j]) }
func (o *ordered[T]) Swap(i, j int)      { o.all[i], o.all[j] = o.all[j], o.all[i] }
func (o *ordered[T]) Push(x any)         { o.all = append(o.all, x.(T)) }

func (o *ordered[T]) Pop() any {
	var zero T
	last := len(o.all) - 1
	x := o.all[last]
	o.all[last] = zero // let go of it
	o.all = o.all[:last]
	return x
}

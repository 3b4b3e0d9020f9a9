package quorum

// queue holds the slots that are to be looked at, each once, first in first
// out.
type queue struct {
	slots  []uint32
	queued map[uint32]struct{}
}

func newQueue() *queue { return &queue{queued: make(map[uint32]struct{})} }

func (q *queue) push(slot uint32) {
	if _, again := q.queued[slot]; again {
		return
	}
	q.queued[slot] = struct{}{}
	q.slots = append(q.slots, slot)
}

func (q *queue) pop() (slot uint32, ok bool) {
	if len(q.slots) == 0 {
		return 0, false
	}
	slot = q.slots[0]
	q.slots = q.slots[1:]
	if len(q.slots) == 0 {
		q.slots = nil // lets go of what a sweep needed
	}
	delete(q.queued, slot)
	return slot, true
}

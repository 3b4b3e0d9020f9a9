package quorum

import (
	"container/heap"
	"time"
)

// alarms says when to look again at which slot: at the end of a cooldown, or
// of the pause after a proposal that came to nothing. A slot has at most one.
type alarms struct{ heap alarmHeap }

func newAlarms() *alarms {
	return &alarms{heap: alarmHeap{position: make(map[uint32]int)}}
}

// set makes the slot's alarm ring at at, whatever it was before, and reports
// whether that is news.
func (a *alarms) set(slot uint32, at time.Time) (news bool) {
	i, ok := a.heap.position[slot]
	if !ok {
		heap.Push(&a.heap, alarm{at: at, slot: slot})
		return true
	}
	if a.heap.alarms[i].at.Equal(at) {
		return false
	}
	a.heap.alarms[i].at = at
	heap.Fix(&a.heap, i)
	return true
}

func (a *alarms) clear(slot uint32) {
	if i, ok := a.heap.position[slot]; ok {
		heap.Remove(&a.heap, i)
	}
}

// next returns when the first alarm rings.
func (a *alarms) next() (at time.Time, ok bool) {
	if a.heap.Len() == 0 {
		return time.Time{}, false
	}
	return a.heap.alarms[0].at, true
}

// pop removes and returns a slot whose alarm has rung by now.
func (a *alarms) pop(now time.Time) (slot uint32, ok bool) {
	at, ok := a.next()
	if !ok || at.After(now) {
		return 0, false
	}
	return heap.Pop(&a.heap).(alarm).slot, true
}

type alarm struct {
	at   time.Time
	slot uint32
}

// alarmHeap implements heap.Interface, earliest first, and knows where the
// alarm of each slot is.
type alarmHeap struct {
	alarms   []alarm
	position map[uint32]int
}

func (h *alarmHeap) Len() int           { return len(h.alarms) }
func (h *alarmHeap) Less(i, j int) bool { return h.alarms[i].at.Before(h.alarms[j].at) }

func (h *alarmHeap) Swap(i, j int) {
	h.alarms[i], h.alarms[j] = h.alarms[j], h.alarms[i]
	h.position[h.alarms[i].slot], h.position[h.alarms[j].slot] = i, j
}

func (h *alarmHeap) Push(x any) {
	a := x.(alarm)
	h.position[a.slot] = len(h.alarms)
	h.alarms = append(h.alarms, a)
}

func (h *alarmHeap) Pop() any {
	last := len(h.alarms) - 1
	a := h.alarms[last]
	h.alarms = h.alarms[:last]
	delete(h.position, a.slot)
	return a
}

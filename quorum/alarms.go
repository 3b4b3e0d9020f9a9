package quorum

import (
	"time"

	"tocsin/pqueue"
)

// alarms says when to look again at which slot: at the end of a cooldown, or
// of the pause after a proposal that came to nothing. A slot has at most one.
type alarms struct {
	bySlot map[uint32]*alarm
	queue  pqueue.Queue[*alarm] // earliest first
}

type alarm struct {
	at    time.Time
	slot  uint32
	place int
}

func newAlarms() *alarms {
	return &alarms{
		bySlot: make(map[uint32]*alarm),
		queue:  pqueue.New(func(a, b *alarm) bool { return a.at.Before(b.at) }, func(a *alarm) *int { return &a.place }),
	}
}

// set makes the slot's alarm ring at at, whatever it was before, and reports
// whether that is news.
func (a *alarms) set(slot uint32, at time.Time) (news bool) {
	one, ok := a.bySlot[slot]
	if !ok {
		one = &alarm{slot: slot}
		a.bySlot[slot] = one
	} else if one.at.Equal(at) {
		return false
	}
	one.at = at
	a.queue.Push(one)
	return true
}

func (a *alarms) clear(slot uint32) {
	if one, ok := a.bySlot[slot]; ok {
		a.queue.Remove(one)
		delete(a.bySlot, slot)
	}
}

// next returns when the first alarm rings.
func (a *alarms) next() (at time.Time, ok bool) {
	if a.queue.Len() == 0 {
		return time.Time{}, false
	}
	return a.queue.Top().at, true
}

// pop removes and returns a slot whose alarm has rung by now.
func (a *alarms) pop(now time.Time) (slot uint32, ok bool) {
	at, ok := a.next()
	if !ok || at.After(now) {
		return 0, false
	}
	slot = a.queue.Pop().slot
	delete(a.bySlot, slot)
	return slot, true
}

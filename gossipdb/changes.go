package gossipdb

import (
	"maps"
	"slices"
	"sync"
)

// maxDirty is the number of slots a subscriber keeps apart. With more of them
// waiting, looking at everything is as cheap, and the set stays bounded.
const maxDirty = 16 << 10

// Changes tells one subscriber which slots to look at again. Get one from
// DB.Subscribe, then read DB.Table, then wait: nothing falls in between.
type Changes struct {
	db    *DB
	ready chan struct{} // never closed; one place: a waiting signal covers all that came since

	mu    sync.Mutex
	slots map[uint32]struct{}
	all   bool
}

// Ready returns a channel that has something to receive when Take has
// something to return. It is never closed.
func (c *Changes) Ready() <-chan struct{} { return c.ready }

// Take returns the slots that changed since the last call, in order, and
// forgets them. If all is true there were too many to keep apart: any slot may
// have changed.
func (c *Changes) Take() (slots []uint32, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slots, all = slices.Sorted(maps.Keys(c.slots)), c.all
	clear(c.slots)
	c.all = false
	if all {
		slots = nil
	}
	return slots, all
}

// Close ends the subscription. It may be called twice.
func (c *Changes) Close() { c.db.unsubscribe(c) }

func (c *Changes) add(slots []uint32) {
	if len(slots) == 0 {
		return
	}
	c.insert(slots)
	signal(c.ready)
}

func (c *Changes) insert(slots []uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		if c.all {
			return
		}
		c.slots[slot] = struct{}{}
		if len(c.slots) > maxDirty {
			clear(c.slots)
			c.all = true
		}
	}
}

// Outbox holds the own ballots that wait to be sent: the newest of each page,
// so it never holds more than MaxPages. It is meant for one reader.
type Outbox struct {
	ready chan struct{} // never closed; one place, as in Changes

	mu    sync.Mutex
	pages map[uint16]Held
}

// Ready returns a channel that has something to receive when Take has
// something to return. It is never closed.
func (o *Outbox) Ready() <-chan struct{} { return o.ready }

// Take returns what waits, in order of pages, and forgets it.
func (o *Outbox) Take() []Held {
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting := make([]Held, 0, len(o.pages))
	for _, page := range slices.Sorted(maps.Keys(o.pages)) {
		waiting = append(waiting, o.pages[page])
	}
	clear(o.pages)
	return waiting
}

func (o *Outbox) put(ballots []Held) {
	if len(ballots) == 0 {
		return
	}
	o.replace(ballots)
	signal(o.ready)
}

func (o *Outbox) replace(ballots []Held) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, h := range ballots {
		// Two casts may hand over their ballots in either order.
		if old, ok := o.pages[h.Ballot.Page]; !ok || h.Ballot.Newer(old.Ballot) {
			o.pages[h.Ballot.Page] = h
		}
	}
}

// signal leaves a signal in a channel with one place, if none is there yet.
func signal(ready chan<- struct{}) {
	select {
	case ready <- struct{}{}:
	default:
	}
}

package gossipdb

import (
	"bytes"
	"slices"
	"time"

	"tocsin/health"
)

// Vote is this node's verdict about one slot, and why.
type Vote struct {
	Slot    uint32
	Verdict health.Status
	Reason  string // of a verdict that is not UP; tidied and cut to MaxReason bytes
}

// own is what this node itself holds: what its ballots are made of.
type own struct {
	epoch    uint64 // 0: not registered yet, no ballot may be made
	sequence uint64 // of the newest ballot
	index    uint64
	abstains string     // why this node doubts itself, "" if it does not
	pages    []*ownPage // never empty: page 0 is the heartbeat
}

type ownPage struct {
	bits    [pageBytes]byte
	reasons recent
	sealed  []byte // bits as the last ballot carried them; nil when they have changed since
}

func newOwn() own { return own{pages: []*ownPage{{}}} }

// set takes a vote and reports whether it changed the verdict. The slot is
// below MaxPages*PageSlots.
func (o *own) set(v Vote) bool {
	for int(PageOf(v.Slot)) >= len(o.pages) {
		o.pages = append(o.pages, &ownPage{})
	}
	p := o.pages[PageOf(v.Slot)]
	at, shift := v.Slot%PageSlots/4, v.Slot%4*2
	old := health.Status(p.bits[at] >> shift & 3)
	p.reasons = p.reasons.after(v, v.Verdict != old)
	if v.Verdict == old {
		return false
	}
	p.bits[at] = p.bits[at]&^(3<<shift) | byte(v.Verdict)<<shift
	p.sealed = nil
	return true
}

// ballot makes the next ballot of page. What was cast stays where it is while
// the node abstains, and only is not said.
func (o *own) ballot(node string, page int) *Ballot {
	if o.abstains != "" {
		o.sequence++
		return &Ballot{Node: node, Epoch: o.epoch, Sequence: o.sequence, Index: o.index, Page: uint16(page), Abstains: o.abstains}
	}
	p := o.pages[page]
	if p.sealed == nil {
		p.sealed = slices.Clone(bytes.TrimRight(p.bits[:], "\x00"))
	}
	o.sequence++
	return &Ballot{
		Node: node, Epoch: o.epoch, Sequence: o.sequence, Index: o.index, Page: uint16(page),
		Bits: p.sealed, Reasons: p.reasons.newest(),
	}
}

// Open lets this node make ballots, of the given epoch, and makes and sends
// the first. What was cast before is in them. A larger epoch than the present
// one starts again at sequence 1; any other, and 0, does nothing.
func (d *DB) Open(epoch uint64) {
	d.update(func() (renewed, urgent []int) {
		if epoch <= d.own.epoch {
			return nil, nil
		}
		d.own.epoch, d.own.sequence = epoch, 0
		return d.ownPages(), d.ownPages()
	})
}

// Cast takes this node's verdicts, made from the endpoints as of index. Pages
// on which a verdict changed go out at once. A new index shows at once in this
// node's own table, but if nothing else changed the next refresh tells the
// others; so it is with a new reason for an old verdict. Slots beyond the limit
// are left out and counted.
//
// Cast calls must not overtake each other: one goroutine casts.
func (d *DB) Cast(index uint64, votes []Vote) {
	d.update(func() (renewed, urgent []int) {
		for _, v := range votes {
			page := int(PageOf(v.Slot))
			if page >= MaxPages || !v.Verdict.Valid() {
				d.stats.votesRefused.Add(1)
				continue
			}
			if d.own.set(v) && !slices.Contains(urgent, page) {
				urgent = append(urgent, page)
			}
		}
		slices.Sort(urgent) // so that sequences grow with pages
		if d.own.abstains != "" {
			urgent = nil // nothing of it shows
		}
		if index == d.own.index {
			return urgent, urgent
		}
		d.own.index = index
		return d.ownPages(), urgent
	})
}

// Abstain makes this node say nothing about anything, and why not, until it is
// called with "". Its ballots go on, as a sign of life. A change goes out at
// once; verdicts that are cast in the meantime are kept, and said afterwards.
func (d *DB) Abstain(why string) {
	d.update(func() (renewed, urgent []int) {
		if why = tidy(why); why == d.own.abstains {
			return nil, nil
		}
		d.own.abstains = why
		return d.ownPages(), d.ownPages()
	})
}

// Refresh makes the next ballots of this node from what it holds, and sends
// them: its heartbeat.
func (d *DB) Refresh() {
	d.update(func() (renewed, urgent []int) { return d.ownPages(), d.ownPages() })
}

// update changes what this node holds and makes the ballots that follow from
// it, as one step. change runs under the lock; it returns the pages that need
// a new ballot and, among them, those whose ballot is to be sent at once.
func (d *DB) update(change func() (renewed, urgent []int)) {
	changed, out, subscribers := d.updateLocked(change)
	for _, s := range subscribers {
		s.add(changed)
	}
	d.outbox.put(out)
}

func (d *DB) updateLocked(change func() (renewed, urgent []int)) (changed []uint32, out []Held, subscribers []*Changes) {
	d.mu.Lock()
	defer d.mu.Unlock()
	renewed, urgent := change()
	if d.own.epoch == 0 {
		return nil, nil, nil
	}
	table, now := d.table.Load(), time.Now()
	for _, page := range renewed {
		b := d.signing.sign(d.own.ballot(d.self, page))
		next, slots, _ := table.Merge(b, now)
		table, changed = next, append(changed, slots...)
		if slices.Contains(urgent, page) {
			out = append(out, Held{Ballot: b, MadeAt: now})
		}
	}
	d.table.Store(table)
	return changed, out, d.subscribers
}

func (d *DB) ownPages() []int {
	pages := make([]int, len(d.own.pages))
	for i := range pages {
		pages[i] = i
	}
	return pages
}

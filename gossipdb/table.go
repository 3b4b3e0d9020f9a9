package gossipdb

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"time"
)

// Held is a ballot and when it was made, by the monotonic clock of the node
// that holds it: its arrival minus the age it carried.
type Held struct {
	Ballot *Ballot
	MadeAt time.Time
}

// Table holds the newest ballot of each node and page. It is immutable; the
// zero value and nil are empty tables.
type Table struct {
	nodes map[string][]Held // by page; a page that isn't held has no Ballot
}

// Get returns the ballot held of node for page.
func (t *Table) Get(node string, page uint16) (Held, bool) {
	if t == nil {
		return Held{}, false
	}
	pages := t.nodes[node]
	if int(page) >= len(pages) || pages[page].Ballot == nil {
		return Held{}, false
	}
	return pages[page], true
}

// All yields everything held, in order of nodes and pages.
func (t *Table) All() iter.Seq[Held] {
	return func(yield func(Held) bool) {
		if t == nil {
			return
		}
		for _, node := range slices.Sorted(maps.Keys(t.nodes)) {
			for _, h := range t.nodes[node] {
				if h.Ballot != nil && !yield(h) {
					return
				}
			}
		}
	}
}

// Nodes returns of how many nodes anything is held.
func (t *Table) Nodes() int {
	if t == nil {
		return 0
	}
	return len(t.nodes)
}

// Merge returns the table that holds b, made at madeAt, unless a newer one is
// held already. A ballot held already is not new, and the earlier of its two
// times is kept: repeating a ballot never freshens it. (Should two ballots of
// one version differ, which takes two processes with one name, every node
// settles on the same one of them.)
//
// changed are the slots about which the new ballot says something else: those
// whose verdict differs; or, if its epoch or index differs or nothing was held
// before, all that either ballot has a verdict about, because the index
// decides which of them count.
func (t *Table) Merge(b *Ballot, madeAt time.Time) (next *Table, changed []uint32, isNew bool) {
	arrived := Held{Ballot: b, MadeAt: madeAt}
	held, ok := t.Get(b.Node, b.Page)
	if !ok {
		return t.with(arrived), slices.Collect(b.Slots()), true
	}
	winner := newest(held, arrived)
	if winner == held {
		return t, nil, false
	}
	return t.with(winner), differing(held.Ballot, winner.Ballot), winner.Ballot.Newer(held.Ballot)
}

// Without returns the table that holds nothing of node for page.
func (t *Table) Without(node string, page uint16) *Table {
	if _, ok := t.Get(node, page); !ok {
		return t
	}
	next := &Table{nodes: maps.Clone(t.nodes)}
	pages := slices.Clone(t.nodes[node])
	pages[page] = Held{}
	if slices.ContainsFunc(pages, func(h Held) bool { return h.Ballot != nil }) {
		next.nodes[node] = pages
	} else {
		delete(next.nodes, node)
	}
	return next
}

// older returns the table in which everything was made earlier, by by.
func (t *Table) older(by time.Duration) *Table {
	next := &Table{nodes: make(map[string][]Held, len(t.nodes))}
	for node, pages := range t.nodes {
		pages = slices.Clone(pages)
		for i := range pages {
			pages[i].MadeAt = pages[i].MadeAt.Add(-by)
		}
		next.nodes[node] = pages
	}
	return next
}

func (t *Table) with(h Held) *Table {
	next := &Table{nodes: make(map[string][]Held, 1)}
	if t != nil && t.nodes != nil {
		next.nodes = maps.Clone(t.nodes)
	}
	old := next.nodes[h.Ballot.Node]
	pages := make([]Held, max(len(old), int(h.Ballot.Page)+1))
	copy(pages, old)
	pages[h.Ballot.Page] = h
	next.nodes[h.Ballot.Node] = pages
	return next
}

// newest is the least upper bound of two ballots of one node and page: the
// later version; of one version the one that is written larger, and the
// earlier time. It is what makes Merge independent of order.
func newest(a, b Held) Held {
	switch a.Ballot.Version().Compare(b.Ballot.Version()) {
	case 1:
		return a
	case -1:
		return b
	}
	winner := a
	if !equal(a.Ballot, b.Ballot) && bytes.Compare(a.Ballot.Append(nil), b.Ballot.Append(nil)) < 0 {
		winner = b
	}
	if b.MadeAt.Before(a.MadeAt) {
		winner.MadeAt = b.MadeAt
	} else {
		winner.MadeAt = a.MadeAt
	}
	return winner
}

func equal(a, b *Ballot) bool {
	return a == b || a.Node == b.Node && a.Page == b.Page && a.Version() == b.Version() && a.Index == b.Index &&
		bytes.Equal(a.Bits, b.Bits) && slices.Equal(a.Reasons, b.Reasons) && a.Abstains == b.Abstains
}

// differing returns the slots that now count differently (see Merge).
func differing(old, now *Ballot) []uint32 {
	if old.Epoch != now.Epoch || old.Index != now.Index {
		return either(old, now)
	}
	n := max(len(old.Bits), len(now.Bits))
	return slices.Collect(setSlots(now.Page, n, func(i int) byte { return byteAt(old.Bits, i) ^ byteAt(now.Bits, i) }))
}

// either returns the slots about which one of the two ballots has a verdict.
func either(old, now *Ballot) []uint32 {
	n := max(len(old.Bits), len(now.Bits))
	return slices.Collect(setSlots(now.Page, n, func(i int) byte { return byteAt(old.Bits, i) | byteAt(now.Bits, i) }))
}

func byteAt(bits []byte, i int) byte {
	if i >= len(bits) {
		return 0
	}
	return bits[i]
}

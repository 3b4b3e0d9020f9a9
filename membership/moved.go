package membership

import (
	"maps"

	"tocsin/api/peer"
	"tocsin/fsm"
)

// Moved is where nodes can be reached that have new addresses and could not yet
// register them, because there is no leader to register with. Without it a
// cluster of which a majority has moved at once would never elect one again:
// raft only knows the old addresses, and only a leader changes them. No Moved
// changes once it is made; the zero one knows of nobody.
//
// A node that asks in vain to be registered tells everybody it asks where it is.
// That is believed of a process that has the cluster's id and, as far as the
// state tells, the disk of that member. Of two processes on one disk the later
// start is believed: the other has ended, or runs on a copy. An address at which
// another member is heard is not believed. All of it is given up as soon as the
// state shows that the node is another disk's, or that a later process of it
// stands elsewhere.
//
// That something wrong is believed costs calls in vain, and no more: an answer
// counts only for the node that gives it (see package raftwire).
type Moved struct{ by map[string]whereabouts }

type whereabouts struct {
	raft  string
	disk  string
	start uint64 // of the process on that disk
}

// holds reports whether w may still be so, as far as o, the observer, tells. It
// is nil while this node knows nothing, as after a start without a leader.
func (w whereabouts) holds(o *fsm.Observer) bool {
	return o == nil || o.Disk == w.disk && (o.Start < w.start || o.Raft == w.raft)
}

// supersedes reports whether w may take the place of what was believed before.
func (w whereabouts) supersedes(before whereabouts) bool {
	return w.disk != before.disk || w.start > before.start
}

// Note takes the word of a process that could not be registered, of a node that
// raft has at the configured address; o is the observer, nil if none is known. It
// reports whether the node is to be reached at another address from here on. That a
// node is back is remembered too: an older process of it has not moved after that.
func (m Moved) Note(r peer.Registration, configured string, o *fsm.Observer) (next Moved, elsewhere bool) {
	w := whereabouts{r.Raft, r.Disk, r.Start}
	if r.Fresh || !w.holds(o) {
		return m, false
	}
	before, told := m.by[r.Node]
	if !told {
		before.raft = configured
	} else if !w.supersedes(before) {
		return m, false
	}
	next = Moved{maps.Clone(m.by)}
	if next.by == nil {
		next.by = make(map[string]whereabouts)
	}
	next.by[r.Node] = w
	return next, w.raft != before.raft
}

// Find returns where a node is to be reached that raft has at the configured
// address, or has put aside (see Aside); o is the observer, nil if none is known.
func (m Moved) Find(o *fsm.Observer, node, configured string) string {
	w, told := m.by[node]
	switch {
	case told && w.holds(o):
		return w.raft
	case o != nil && configured == Aside(node):
		return o.Raft
	}
	return configured
}

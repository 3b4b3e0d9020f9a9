package node

import (
	"maps"
	"sync"
	"sync/atomic"

	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/membership"
)

// moved is where nodes can be reached that have new addresses and could not yet
// register them, because there is no leader to register with. Without it a
// cluster of which a majority has moved at once would never elect one again:
// raft only knows the old addresses, and only a leader changes them.
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
type moved struct {
	mu  sync.Mutex // orders the changes
	now atomic.Pointer[map[string]whereabouts]
}

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

// note takes the word of a process that could not be registered, of a node that
// raft has at the configured address. It reports whether it is to be reached at
// another one from here on. That a node is back is remembered too: an older
// process of it has not moved after that.
func (m *moved) note(r peer.Registration, configured string, o *fsm.Observer) bool {
	w := whereabouts{r.Raft, r.Disk, r.Start}
	if r.Fresh || !w.holds(o) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before, told := m.all()[r.Node]
	if !told {
		before.raft = configured
	} else if !w.supersedes(before) {
		return false
	}
	next := maps.Clone(m.all())
	if next == nil {
		next = make(map[string]whereabouts)
	}
	next[r.Node] = w
	m.now.Store(&next)
	return w.raft != before.raft
}

// find returns where a node is to be reached that raft has at the configured
// address, or has put aside (see membership.Plan). It takes no lock.
func (m *moved) find(view *fsm.View, node, configured string) string {
	o, known := view.Observer(node)
	w, told := m.all()[node]
	switch {
	case told && (!known || w.holds(o)):
		return w.raft
	case known && configured == membership.Aside(o.Node):
		return o.Raft
	}
	return configured
}

func (m *moved) all() map[string]whereabouts {
	if now := m.now.Load(); now != nil {
		return *now
	}
	return nil
}

// noteMoved remembers where a member is that asks in vain to be registered.
func (n *Node) noteMoved(r peer.Registration) {
	if _, known := n.Leader(); known {
		return // it will be registered
	}
	if ours := n.clusterID(); ours == "" || r.ClusterID != ours {
		return
	}
	servers, err := n.raft.Servers()
	if err != nil {
		return // raft has ended
	}
	view := n.machine.View()
	for o := range view.Observers() {
		if o.Node != r.Node && o.Raft == r.Raft && n.fresh(o) {
			return // it is wrong, and will hear so from a leader
		}
	}
	o, _ := view.Observer(r.Node)
	for _, s := range servers {
		if s.Node == r.Node && n.moved.note(r, s.Address, o) {
			n.log.Info("there is no leader, and a node has another address: it is reached there from here on", "peer", r.Node, "address", r.Raft)
		}
	}
}

// whereIs returns the raft address at which a node is to be reached. Where this
// node itself listens there is nobody else: a leader that called there would hear
// itself, take that for another leader of its term, and step down.
func (n *Node) whereIs(node, configured string) string {
	at := n.moved.find(n.machine.View(), node, configured)
	if node != n.cfg.Name && at == n.cfg.advertised(n.cfg.Raft) {
		return membership.Aside(node)
	}
	return at
}

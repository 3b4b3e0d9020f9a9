package node

import (
	"sync"
	"sync/atomic"

	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/membership"
)

// moved keeps what this node believes of those that have moved (see
// membership.Moved).
type moved struct {
	mu  sync.Mutex // orders the changes
	now atomic.Pointer[membership.Moved]
}

// note is membership.Moved.Note.
func (m *moved) note(r peer.Registration, configured string, o *fsm.Observer) (elsewhere bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, elsewhere := m.all().Note(r, configured, o)
	m.now.Store(&next)
	return elsewhere
}

// all takes no lock.
func (m *moved) all() membership.Moved {
	if now := m.now.Load(); now != nil {
		return *now
	}
	return membership.Moved{}
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
	o, _ := n.machine.View().Observer(node)
	at := n.moved.all().Find(o, node, configured)
	if node != n.cfg.Name && at == n.cfg.advertised(n.cfg.Raft) {
		return membership.Aside(node)
	}
	return at
}

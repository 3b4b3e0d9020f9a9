package gossipdb

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Member is a node as the gossip sees it: a hint, never a basis for a quorum.
type Member struct {
	Name, Address string
	Cluster       string // "" as long as it belongs to none
	Meta          []byte // a copy
	Alive         bool
}

// How long, and how many, members that are gone are remembered, to look for
// them at their last address.
const (
	rememberGone    = time.Hour
	rememberMembers = 1024
)

// roster is who was and is a member. memberlist hands out its own records,
// which it changes meanwhile; so we copy them when it tells us of a change,
// which is the only moment that is safe.
type roster struct {
	changed chan struct{} // never closed; one place: somebody came or went; nil: nobody asks

	mu      sync.Mutex
	members map[string]present
}

type present struct {
	node  memberlist.Node
	alive bool
	since time.Time
}

// NotifyJoin, NotifyUpdate and NotifyLeave are called by memberlist with its
// lock held: they must not block nor call back.

func (r *roster) NotifyJoin(n *memberlist.Node)   { r.note(n, true) }
func (r *roster) NotifyUpdate(n *memberlist.Node) { r.note(n, true) }
func (r *roster) NotifyLeave(n *memberlist.Node)  { r.note(n, false) }

func (r *roster) note(n *memberlist.Node, alive bool) {
	copied := *n
	copied.Addr, copied.Meta = slices.Clone(n.Addr), slices.Clone(n.Meta)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = make(map[string]present)
	}
	r.members[n.Name] = present{node: copied, alive: alive, since: time.Now()}
	if len(r.members) > rememberMembers {
		r.forgetOldestLocked()
	}
	if r.changed != nil {
		signal(r.changed)
	}
}

// forgetOldestLocked forgets the member that has been gone for longest.
func (r *roster) forgetOldestLocked() {
	var oldest string
	for name, p := range r.members {
		if !p.alive && (oldest == "" || p.since.Before(r.members[oldest].since)) {
			oldest = name
		}
	}
	delete(r.members, oldest)
}

// forgetGone forgets those that have been gone for rememberGone.
func (r *roster) forgetGone(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.members, func(_ string, p present) bool { return !p.alive && now.Sub(p.since) > rememberGone })
}

// get returns a member that seems alive.
func (r *roster) get(name string) (*memberlist.Node, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.members[name]
	if !ok || !p.alive {
		return nil, false
	}
	return &p.node, true
}

// others returns the members that seem alive, other than self.
func (r *roster) others(self string) []*memberlist.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	nodes := make([]*memberlist.Node, 0, len(r.members))
	for name, p := range r.members {
		if p.alive && name != self {
			nodes = append(nodes, &p.node)
		}
	}
	return nodes
}

func (r *roster) alive() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, p := range r.members {
		if p.alive {
			n++
		}
	}
	return n
}

// list returns all members in order of names.
func (r *roster) list() []Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Member, 0, len(r.members))
	for name, p := range r.members {
		cluster, meta := splitMeta(p.node.Meta)
		all = append(all, Member{Name: name, Address: p.node.Address(), Cluster: cluster, Meta: slices.Clone(meta), Alive: p.alive})
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

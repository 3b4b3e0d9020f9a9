package scavenger

import (
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
)

// silentTTLs is how many times its time to live a ballot of an observer is
// kept. It counts for nothing from the first on; the others are there for
// people to see since when the node is silent.
const silentTTLs = 10

// Scene is what this node holds at one moment.
type Scene struct {
	Node    string // this node, whose own ballots always stay
	View    *fsm.View
	Ballots *gossipdb.Table
	Sampled []string // keys of endpoints that samples are kept of
	Now     time.Time
}

// Removals is what is to be removed.
type Removals struct {
	Ballots []Page
	Samples []string // keys
}

// Page is what is held of one node for one page of slots, up to a version.
type Page struct {
	Node string
	Page uint16
	UpTo gossipdb.Version
}

// Empty reports whether there is nothing to remove.
func (r Removals) Empty() bool { return len(r.Ballots) == 0 && len(r.Samples) == 0 }

// Stale returns what of s has gone stale.
func Stale(s Scene) Removals {
	var r Removals
	for held := range s.Ballots.All() {
		if s.gone(held) {
			b := held.Ballot
			r.Ballots = append(r.Ballots, Page{Node: b.Node, Page: b.Page, UpTo: b.Version()})
		}
	}
	for _, key := range s.Sampled {
		if _, watched := s.View.Endpoint(key); !watched {
			r.Samples = append(r.Samples, key)
		}
	}
	return r
}

func (s Scene) gone(held gossipdb.Held) bool {
	b := held.Ballot
	if b.Node == s.Node {
		return false
	}
	if _, observes := s.View.Observer(b.Node); observes {
		return s.Now.Sub(held.MadeAt) >= silentTTLs*s.View.Settings().BallotTTL()
	}
	known := s.View.Index()
	return b.Epoch <= known && b.Index <= known
}

package node

import (
	"cmp"
	"slices"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// step is one change of the raft configuration.
type step struct {
	kind    stepKind
	node    string
	address string
}

type stepKind string

const (
	removeServer stepKind = "remove"
	moveServer   stepKind = "move" // same suffrage, other address
	addServer    stepKind = "add"  // as a non-voter
	promote      stepKind = "promote"
	handOver     stepKind = "hand the lead over from"
)

// plan returns the next step that makes the raft configuration follow the
// observers, false if there is none. It is a pure function; fresh says whether
// an observer's present process is heard, and so has caught up.
//
//   - A server that is no observer has left: it is removed. If it is self, it
//     first hands the lead over to a voter that stays; before the founder of a
//     cluster has registered itself there is none, and nothing to do.
//   - An observer with a new address is moved there, and one without a server
//     becomes a non-voter, as far as others leave room for them (see place).
//   - While there are fewer than maxVoters voters, a non-voter that has caught
//     up becomes one: of the site with the fewest voters, the longest member.
func plan(servers []raft.Server, observers []*fsm.Observer, self string, maxVoters int, fresh func(*fsm.Observer) bool) (step, bool) {
	byNode := make(map[string]*fsm.Observer, len(observers))
	for _, o := range observers {
		byNode[o.Node] = o
	}
	if byNode[self] == nil {
		stays := func(s raft.Server) bool { return s.Suffrage == raft.Voter && byNode[string(s.ID)] != nil }
		if slices.ContainsFunc(servers, stays) {
			return step{kind: handOver, node: self}, true
		}
		return step{}, false
	}
	for _, s := range servers {
		if byNode[string(s.ID)] == nil {
			return step{removeServer, string(s.ID), string(s.Address)}, true
		}
	}
	if next, ok := place(servers, byNode, observers, self, fresh); ok {
		return next, true
	}
	votersAt := make(map[string]int)
	voters := 0
	var candidates []*fsm.Observer
	for _, s := range servers {
		o := byNode[string(s.ID)]
		switch {
		case s.Suffrage == raft.Voter:
			voters++
			votersAt[o.Site]++
		case o.Raft == string(s.Address) && fresh(o):
			candidates = append(candidates, o)
		}
	}
	if voters >= maxVoters || len(candidates) == 0 {
		return step{}, false
	}
	best := slices.MinFunc(candidates, func(a, b *fsm.Observer) int {
		return cmp.Or(cmp.Compare(votersAt[a.Site], votersAt[b.Site]), cmp.Compare(a.Joined, b.Joined))
	})
	return step{promote, best.Node, best.Raft}, true
}

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
	demote       stepKind = "demote" // a voter becomes a non-voter, to make room
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
//     up becomes one: one that is preferred before others, then of the site with
//     the fewest voters the longest member.
//   - When there are that many, a voter that is not preferred makes room for one
//     that is: see gives.
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
	var voters, candidates []*fsm.Observer
	for _, s := range servers {
		o := byNode[string(s.ID)]
		switch {
		case s.Suffrage == raft.Voter:
			voters = append(voters, o)
			votersAt[o.Site]++
		case o.Raft == string(s.Address) && fresh(o):
			candidates = append(candidates, o)
		}
	}
	if len(candidates) == 0 {
		return step{}, false
	}
	best := slices.MinFunc(candidates, func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(b.Preferred, a.Preferred), cmp.Compare(votersAt[a.Site], votersAt[b.Site]), cmp.Compare(a.Joined, b.Joined))
	})
	switch {
	case len(voters) < maxVoters:
		return step{promote, best.Node, best.Raft}, true
	case best.Preferred && len(voters) == maxVoters:
		return gives(voters, votersAt, self, fresh)
	}
	return step{}, false
}

// gives returns the step by which a voter makes room for one that is preferred:
// one that is silent before others, then of the site with the most voters the
// latest member. Those that are preferred themselves stay; so does whoever would
// leave no majority that is heard behind. The leader hands the lead over first.
func gives(voters []*fsm.Observer, votersAt map[string]int, self string, fresh func(*fsm.Observer) bool) (step, bool) {
	heard := 0
	var able []*fsm.Observer
	for _, o := range voters {
		if o.Node == self || fresh(o) {
			heard++
		}
		if !o.Preferred {
			able = append(able, o)
		}
	}
	if len(able) == 0 || len(voters) == 1 {
		return step{}, false
	}
	silent := func(o *fsm.Observer) bool { return o.Node != self && !fresh(o) }
	out := slices.MinFunc(able, func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(silent(b), silent(a)), compareBool(a.Node == self, b.Node == self),
			cmp.Compare(votersAt[b.Site], votersAt[a.Site]), cmp.Compare(b.Joined, a.Joined))
	})
	if !silent(out) {
		heard--
	}
	switch {
	case 2*heard <= len(voters)-1:
		return step{}, false
	case out.Node == self:
		return step{kind: handOver, node: self}, true
	}
	return step{demote, out.Node, out.Raft}, true
}

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
	demote       stepKind = "demote" // a voter becomes a non-voter
	handOver     stepKind = "hand the lead over from"
)

// plan returns the next step that makes the raft configuration follow the
// observers, false if there is none. It is a pure function; fresh says whether
// an observer's present process is heard, and so has caught up.
//
//   - A server that is no observer has left: it is removed. If it is self, it
//     first hands the lead over to a voter that stays and is heard; before the founder of a
//     cluster has registered itself there is none, and nothing to do.
//   - An observer with a new address is moved there, and one without a server
//     becomes a non-voter, as far as others leave room for them (see place).
//   - While there are fewer than maxVoters voters, a non-voter that has caught
//     up becomes one: one that is preferred before others, then of the site with
//     the fewest voters the longest member.
//   - When there are that many, one that is preferred becomes one too if a voter
//     is not preferred. Then, as after maxVoters was lowered, there are too many,
//     and one makes room: see spare. The leader hands the lead over first.
func plan(servers []raft.Server, observers []*fsm.Observer, self string, maxVoters int, fresh func(*fsm.Observer) bool) (step, bool) {
	byNode := make(map[string]*fsm.Observer, len(observers))
	for _, o := range observers {
		byNode[o.Node] = o
	}
	if byNode[self] == nil {
		stays := func(s raft.Server) bool {
			o := byNode[string(s.ID)]
			return s.Suffrage == raft.Voter && o != nil && fresh(o)
		}
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
	return vote(servers, byNode, self, maxVoters, fresh)
}

// vote returns the next step towards the right voters. Who is preferred votes
// before somebody makes room for it: were that the other way round, and it fell
// silent in between, the two would take turns.
func vote(servers []raft.Server, byNode map[string]*fsm.Observer, self string, maxVoters int, fresh func(*fsm.Observer) bool) (step, bool) {
	var voters, candidates []*fsm.Observer
	for _, s := range servers {
		o := byNode[string(s.ID)]
		switch {
		case s.Suffrage == raft.Voter:
			voters = append(voters, o)
		case o.Raft == string(s.Address) && fresh(o):
			candidates = append(candidates, o)
		}
	}
	if len(voters) > maxVoters {
		out, ok := spare(voters, self, fresh)
		if ok && out.Node == self {
			return step{kind: handOver, node: self}, true
		}
		return stepOf(demote, out), ok
	}
	if len(candidates) == 0 {
		return step{}, false
	}
	votersAt := bySite(voters)
	best := slices.MinFunc(candidates, func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(b.Preferred, a.Preferred), cmp.Compare(votersAt[a.Site], votersAt[b.Site]), cmp.Compare(a.Joined, b.Joined))
	})
	if len(voters) == maxVoters {
		out, ok := spare(append(voters, best), self, fresh)
		if !ok || !best.Preferred || out.Preferred {
			return step{}, false
		}
	}
	return stepOf(promote, best), true
}

// spare returns the voter that the others can do without: one that is not
// preferred before others, then one that is silent, then of the site with the
// most voters the latest member, and the leader last. There is none if no
// majority that is heard would be left.
func spare(voters []*fsm.Observer, self string, fresh func(*fsm.Observer) bool) (out *fsm.Observer, ok bool) {
	heard := func(o *fsm.Observer) bool { return o.Node == self || fresh(o) }
	votersAt := bySite(voters)
	out = slices.MinFunc(voters, func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(a.Preferred, b.Preferred), compareBool(heard(a), heard(b)), compareBool(a.Node == self, b.Node == self),
			cmp.Compare(votersAt[b.Site], votersAt[a.Site]), cmp.Compare(b.Joined, a.Joined))
	})
	left := 0
	for _, o := range voters {
		if o != out && heard(o) {
			left++
		}
	}
	return out, 2*left > len(voters)-1
}

func bySite(voters []*fsm.Observer) map[string]int {
	votersAt := make(map[string]int)
	for _, o := range voters {
		votersAt[o.Site]++
	}
	return votersAt
}

func stepOf(kind stepKind, o *fsm.Observer) step { return step{kind, o.Node, o.Raft} }

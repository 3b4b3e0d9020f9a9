package membership

import (
	"cmp"
	"slices"

	"tocsin/api"
	"tocsin/fsm"
)

// Step is one change of the raft configuration.
type Step struct {
	Kind          Kind
	Node, Address string
}

// Kind says what a Step does. The words are those of the log.
type Kind string

// The kinds of steps there are.
const (
	Remove             Kind = "remove"
	Move               Kind = "move" // same suffrage, other address
	Add                Kind = "add"  // as a non-voter
	Promote            Kind = "promote"
	Demote             Kind = "demote" // a voter becomes a non-voter
	TransferLeadership Kind = "hand the lead over from"
)

// Plan returns the next step that makes the raft configuration follow the
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
func Plan(servers []api.Server, observers []*fsm.Observer, self string, maxVoters int, fresh func(*fsm.Observer) bool) (Step, bool) {
	byNode := make(map[string]*fsm.Observer, len(observers))
	for _, o := range observers {
		byNode[o.Node] = o
	}
	if byNode[self] == nil {
		stays := func(s api.Server) bool {
			o := byNode[s.Node]
			return s.Voter && o != nil && fresh(o)
		}
		if slices.ContainsFunc(servers, stays) {
			return Step{Kind: TransferLeadership, Node: self}, true
		}
		return Step{}, false
	}
	for _, s := range servers {
		if byNode[s.Node] == nil {
			return Step{Remove, s.Node, s.Address}, true
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
func vote(servers []api.Server, byNode map[string]*fsm.Observer, self string, maxVoters int, fresh func(*fsm.Observer) bool) (Step, bool) {
	var voters, candidates []*fsm.Observer
	for _, s := range servers {
		o := byNode[s.Node]
		switch {
		case s.Voter:
			voters = append(voters, o)
		case o.Raft == s.Address && fresh(o):
			candidates = append(candidates, o)
		}
	}
	if len(voters) > maxVoters {
		out, ok := spare(voters, self, fresh)
		if ok && out.Node == self {
			return Step{Kind: TransferLeadership, Node: self}, true
		}
		return stepOf(Demote, out), ok
	}
	if len(candidates) == 0 {
		return Step{}, false
	}
	votersAt := bySite(voters)
	best := slices.MinFunc(candidates, func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(b.Preferred, a.Preferred), cmp.Compare(votersAt[a.Site], votersAt[b.Site]), cmp.Compare(a.Joined, b.Joined))
	})
	if len(voters) == maxVoters {
		out, ok := spare(append(voters, best), self, fresh)
		if !ok || !best.Preferred || out.Preferred {
			return Step{}, false
		}
	}
	return stepOf(Promote, best), true
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

func stepOf(kind Kind, o *fsm.Observer) Step { return Step{kind, o.Node, o.Raft} }

// Unfinished reports whether the plan, as node self makes it, waits for somebody to be
// heard: to be voted for, or voted without. Or a node waits for another one's address,
// which it gets when that one is silent.
func Unfinished(servers []api.Server, observers []*fsm.Observer, self string, maxVoters int) bool {
	for _, s := range servers {
		if !slices.ContainsFunc(observers, func(o *fsm.Observer) bool { return o.Node == s.Node && o.Raft == s.Address }) {
			return true
		}
	}
	all := func(*fsm.Observer) bool { return true }
	_, more := Plan(servers, observers, self, maxVoters, all)
	return more || len(servers) != len(observers)
}

// AwaitsVote reports whether a node does not vote though there is room for one more.
func AwaitsVote(servers []api.Server, node string, maxVoters int) bool {
	return !Votes(servers, node) && Voters(servers) < maxVoters
}

// Voters returns how many of the servers vote.
func Voters(servers []api.Server) int {
	voters := 0
	for _, s := range servers {
		if s.Voter {
			voters++
		}
	}
	return voters
}

// Votes reports whether the node is one of the servers, and votes.
func Votes(servers []api.Server, node string) bool {
	return slices.ContainsFunc(servers, func(s api.Server) bool { return s.Node == node && s.Voter })
}

package membership

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tocsin/api"
	"tocsin/fsm"
)

// claims is an observer that registered an address which may be another one's.
func claims(name, address string, epoch uint64) *fsm.Observer {
	o := observer(name, "east", 1)
	o.Raft, o.Epoch = address, epoch
	return o
}

func TestPlan_WhoIsInTheWayMovesFirst(t *testing.T) {
	a := observer("a", "east", 1)
	leader := func(address string) *fsm.Observer { return claims("a", address, 4) }
	tests := map[string]struct {
		servers   []api.Server
		observers []*fsm.Observer
		silent    []string
		want      Step
	}{
		"into an address that is about to be left": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "new:7000", 4)},
			nil,
			Step{Move, "c", "new:7000"},
		},
		"a new one, into an address that is about to be left": {
			[]api.Server{voter("a"), voter("b")},
			[]*fsm.Observer{a, claims("b", "new:7000", 4), claims("c", "b:7000", 5)},
			nil,
			Step{Move, "b", "new:7000"},
		},
		"into the address of one that has left": {
			[]api.Server{voter("a"), voter("b"), voter("gone")},
			[]*fsm.Observer{a, claims("b", "gone:7000", 5)},
			nil,
			Step{Remove, "gone", "gone:7000"},
		},
		"two exchange their addresses": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "b:7000", 6)},
			nil,
			Step{Move, "b", "b (moving)"},
		},
		"it exchanges its own with another one": {
			[]api.Server{voter("a"), voter("b")},
			[]*fsm.Observer{leader("b:7000"), claims("b", "a:7000", 5)},
			nil,
			Step{Move, "a", "a (moving)"},
		},
		"one waits for two that exchange theirs": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "b:7000", 6), claims("d", "c:7000", 7)},
			nil,
			Step{Move, "c", "c (moving)"},
		},
		"one that was put Aside has its place free": {
			[]api.Server{voter("a"), {Node: "b", Address: "b (moving)", Voter: true}},
			[]*fsm.Observer{a, claims("b", "c:7000", 5)},
			nil,
			Step{Move, "b", "c:7000"},
		},
		"who is heard keeps its address": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			nil,
			Step{},
		},
		"and the others need not wait": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4), claims("d", "d:7000", 1)},
			nil,
			Step{Add, "d", "d:7000"},
		},
		"who is silent makes room for one that is heard": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 6)},
			[]string{"c"},
			Step{Move, "c", "c (moving)"},
		},
		"who is silent makes room for one that registered later": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			[]string{"b", "c"},
			Step{Move, "c", "c (moving)"},
		},
		"but not for one that registered before it": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 6)},
			[]string{"b", "c"},
			Step{},
		},
		"the room is for who claims it best": {
			[]api.Server{voter("a"), voter("b"), {Node: "c", Address: "c (moving)", Voter: true}},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			[]string{"b", "c"},
			Step{Move, "b", "c:7000"},
		},
		"one that waits in vain is in nobody's way": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "a:7000", 5), claims("c", "b:7000", 6)},
			nil,
			Step{Move, "b", "b (moving)"},
		},
		"the leader makes no room": {
			[]api.Server{voter("a"), voter("b")},
			[]*fsm.Observer{leader("a:7000"), claims("b", "a:7000", 5)},
			[]string{"a"},
			Step{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Plan(test.servers, test.observers, "a", 5, func(o *fsm.Observer) bool { return !slices.Contains(test.silent, o.Node) })
			if got != test.want || ok != (test.want != Step{}) {
				t.Errorf("plan = %+v, %v, want %+v", got, ok, test.want)
			}
		})
	}
}

// However addresses are dealt, and whoever claims one of another's: following
// the plan ends, raft takes every step, and nobody's vote is lost. In the end
// everybody has its address, but those that another one claims with more right.
func TestPlan_SettlesHoweverAddressesAreDealt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c", "d", "e", "f"}[:rapid.IntRange(2, 6).Draw(t, "nodes")]
		addresses := make([]string, len(names))
		for i, name := range names {
			addresses[i] = name + ":7000"
		}
		dealt := rapid.Permutation(append(addresses, "new:7000")).Draw(t, "dealt")
		var servers []api.Server
		var observers []*fsm.Observer
		silent := map[string]bool{}
		for i, name := range names {
			o := claims(name, dealt[i], rapid.Uint64Range(1, 9).Draw(t, "epoch"))
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "claims the same") == 0 {
				o.Raft = dealt[rapid.IntRange(0, i-1).Draw(t, "as")]
			}
			observers = append(observers, o)
			silent[name] = name != "a" && rapid.Bool().Draw(t, "silent")
			if s := voter(name); name == "a" || rapid.IntRange(0, 4).Draw(t, "is a server") > 0 {
				servers = append(servers, s)
			}
		}
		fresh := func(o *fsm.Observer) bool { return !silent[o.Node] }
		voters := Voters(servers)
		for steps := 0; ; steps++ {
			next, ok := Plan(servers, observers, "a", 9, fresh)
			if !ok {
				break
			}
			servers = follow(servers, next)
			taken := map[string]bool{}
			for _, s := range servers {
				if taken[s.Address] {
					t.Fatalf("raft refuses %+v: two are at %s", next, s.Address)
				}
				taken[s.Address] = true
			}
			if Voters(servers) < voters || steps > 50 {
				t.Fatalf("step %d, %+v: %v", steps, next, servers)
			}
		}
		for _, o := range observers {
			inPlace := func(s api.Server) bool { return s.Node == o.Node && s.Address == o.Raft }
			rivals := slices.ContainsFunc(observers, func(other *fsm.Observer) bool { return other != o && other.Raft == o.Raft })
			if !rivals && !slices.ContainsFunc(servers, inPlace) {
				t.Fatalf("%s claims %s alone, and is not among %v", o.Node, o.Raft, servers)
			}
			held := slices.ContainsFunc(servers, func(s api.Server) bool { return s.Address == o.Raft })
			if !held {
				t.Fatalf("nobody is at %s, which %s claims: %v", o.Raft, o.Node, servers)
			}
		}
	})
}

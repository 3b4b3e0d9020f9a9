package node

import (
	"slices"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

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
		servers   []raft.Server
		observers []*fsm.Observer
		silent    []string
		want      step
	}{
		"into an address that is about to be left": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "new:7000", 4)},
			nil,
			step{moveServer, "c", "new:7000"},
		},
		"a new one, into an address that is about to be left": {
			[]raft.Server{voter("a"), voter("b")},
			[]*fsm.Observer{a, claims("b", "new:7000", 4), claims("c", "b:7000", 5)},
			nil,
			step{moveServer, "b", "new:7000"},
		},
		"into the address of one that has left": {
			[]raft.Server{voter("a"), voter("b"), voter("gone")},
			[]*fsm.Observer{a, claims("b", "gone:7000", 5)},
			nil,
			step{removeServer, "gone", "gone:7000"},
		},
		"two exchange their addresses": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "b:7000", 6)},
			nil,
			step{moveServer, "b", "b (moving)"},
		},
		"it exchanges its own with another one": {
			[]raft.Server{voter("a"), voter("b")},
			[]*fsm.Observer{leader("b:7000"), claims("b", "a:7000", 5)},
			nil,
			step{moveServer, "a", "a (moving)"},
		},
		"one waits for two that exchange theirs": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "b:7000", 6), claims("d", "c:7000", 7)},
			nil,
			step{moveServer, "c", "c (moving)"},
		},
		"one that was put aside has its place free": {
			[]raft.Server{voter("a"), {ID: "b", Address: "b (moving)", Suffrage: raft.Voter}},
			[]*fsm.Observer{a, claims("b", "c:7000", 5)},
			nil,
			step{moveServer, "b", "c:7000"},
		},
		"who is heard keeps its address": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			nil,
			step{},
		},
		"and the others need not wait": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4), claims("d", "d:7000", 1)},
			nil,
			step{addServer, "d", "d:7000"},
		},
		"who is silent makes room for one that is heard": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 6)},
			[]string{"c"},
			step{moveServer, "c", "c (moving)"},
		},
		"who is silent makes room for one that registered later": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			[]string{"b", "c"},
			step{moveServer, "c", "c (moving)"},
		},
		"but not for one that registered before it": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 6)},
			[]string{"b", "c"},
			step{},
		},
		"the room is for who claims it best": {
			[]raft.Server{voter("a"), voter("b"), {ID: "c", Address: "c (moving)", Suffrage: raft.Voter}},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), claims("c", "c:7000", 4)},
			[]string{"b", "c"},
			step{moveServer, "b", "c:7000"},
		},
		"one that waits in vain is in nobody's way": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "a:7000", 5), claims("c", "b:7000", 6)},
			nil,
			step{moveServer, "b", "b (moving)"},
		},
		"the leader makes no room": {
			[]raft.Server{voter("a"), voter("b")},
			[]*fsm.Observer{leader("a:7000"), claims("b", "a:7000", 5)},
			[]string{"a"},
			step{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := plan(test.servers, test.observers, "a", 5, func(o *fsm.Observer) bool { return !slices.Contains(test.silent, o.Node) })
			if got != test.want || ok != (test.want != step{}) {
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
		var servers []raft.Server
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
		voters := votersAmong(servers)
		for steps := 0; ; steps++ {
			next, ok := plan(servers, observers, "a", 9, fresh)
			if !ok {
				break
			}
			servers = follow(servers, next)
			taken := map[raft.ServerAddress]bool{}
			for _, s := range servers {
				if taken[s.Address] {
					t.Fatalf("raft refuses %+v: two are at %s", next, s.Address)
				}
				taken[s.Address] = true
			}
			if votersAmong(servers) < voters || steps > 50 {
				t.Fatalf("step %d, %+v: %v", steps, next, servers)
			}
		}
		for _, o := range observers {
			inPlace := func(s raft.Server) bool { return string(s.ID) == o.Node && string(s.Address) == o.Raft }
			rivals := slices.ContainsFunc(observers, func(other *fsm.Observer) bool { return other != o && other.Raft == o.Raft })
			if !rivals && !slices.ContainsFunc(servers, inPlace) {
				t.Fatalf("%s claims %s alone, and is not among %v", o.Node, o.Raft, servers)
			}
			held := slices.ContainsFunc(servers, func(s raft.Server) bool { return string(s.Address) == o.Raft })
			if !held {
				t.Fatalf("nobody is at %s, which %s claims: %v", o.Raft, o.Node, servers)
			}
		}
	})
}

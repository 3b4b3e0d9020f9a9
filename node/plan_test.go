package node

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"tocsin/fsm"
)

func voter(name string) raft.Server {
	return raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(name + ":7000"), Suffrage: raft.Voter}
}

func nonvoter(name string) raft.Server {
	s := voter(name)
	s.Suffrage = raft.Nonvoter
	return s
}

func observer(name, site string, joined uint64) *fsm.Observer {
	return &fsm.Observer{Node: name, Site: site, Joined: joined, Raft: name + ":7000"}
}

func preferred(o *fsm.Observer) *fsm.Observer {
	p := *o
	p.Preferred = true
	return &p
}

func TestPlan(t *testing.T) {
	a, b, c, d := observer("a", "east", 1), observer("b", "east", 2), observer("c", "west", 3), observer("d", "west", 4)
	moved := observer("b", "east", 2)
	moved.Raft = "b:7999"
	all := func(*fsm.Observer) bool { return true }
	none := func(*fsm.Observer) bool { return false }
	tests := map[string]struct {
		servers   []raft.Server
		observers []*fsm.Observer
		max       int
		caughtUp  func(*fsm.Observer) bool
		want      step
	}{
		"nothing to do":                            {[]raft.Server{voter("a"), voter("b")}, []*fsm.Observer{a, b}, 5, all, step{}},
		"the founder has not registered yet":       {[]raft.Server{voter("a")}, nil, 5, all, step{}},
		"a new observer becomes a non-voter":       {[]raft.Server{voter("a")}, []*fsm.Observer{a, b}, 5, none, step{addServer, "b", "b:7000"}},
		"a non-voter that has not caught up waits": {[]raft.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 5, none, step{}},
		"a non-voter that has caught up votes":     {[]raft.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 5, all, step{promote, "b", "b:7000"}},
		"there are voters enough":                  {[]raft.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 1, all, step{}},
		"one that is preferred comes first": {
			[]raft.Server{voter("a"), nonvoter("b"), nonvoter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			step{promote, "d", "d:7000"},
		},
		"one that is preferred votes before another makes room": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			step{promote, "d", "d:7000"},
		},
		"and then takes its place": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			step{demote, "c", "c:7000"},
		},
		"and keeps it when it falls silent in between": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node != "d" },
			step{demote, "c", "c:7000"},
		},
		"one that is preferred waits while too many vote": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			2, all,
			step{demote, "b", "b:7000"},
		},
		"max_voters was lowered": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, b, c},
			2, all,
			step{demote, "b", "b:7000"},
		},
		"it was lowered below those that are preferred": {
			[]raft.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{preferred(a), preferred(b), preferred(c)},
			2, all,
			step{demote, "b", "b:7000"},
		},
		"but of none that is preferred too": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{preferred(a), preferred(b), preferred(c), preferred(d)},
			3, all,
			step{},
		},
		"of one that is silent first": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node != "c" },
			step{demote, "c", "c:7000"},
		},
		"of nobody while a majority would not be heard": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, preferred(b), preferred(c), preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node == "d" },
			step{},
		},
		"the leader hands the lead over when it is the one": {
			[]raft.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, preferred(b), preferred(c), preferred(d)},
			3, all,
			step{kind: handOver, node: "a"},
		},
		"the only voter votes until another one does": {[]raft.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, preferred(b)}, 1, all, step{promote, "b", "b:7000"}},
		"and hands the lead over to it":               {[]raft.Server{voter("a"), voter("b")}, []*fsm.Observer{a, preferred(b)}, 1, all, step{kind: handOver, node: "a"}},
		"the site with fewer voters comes first": {
			[]raft.Server{voter("a"), nonvoter("b"), nonvoter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, d},
			3, all,
			step{promote, "c", "c:7000"},
		},
		"a server that is no observer is removed":        {[]raft.Server{voter("a"), voter("gone")}, []*fsm.Observer{a}, 5, all, step{removeServer, "gone", "gone:7000"}},
		"a new address is followed":                      {[]raft.Server{voter("a"), voter("b")}, []*fsm.Observer{a, moved}, 5, all, step{moveServer, "b", "b:7999"}},
		"a leader that has left hands the lead over":     {[]raft.Server{voter("a"), voter("b")}, []*fsm.Observer{b}, 5, all, step{kind: handOver, node: "a"}},
		"but to none that is silent":                     {[]raft.Server{voter("a"), voter("b")}, []*fsm.Observer{b}, 5, none, step{}},
		"a leader that has left waits for another voter": {[]raft.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{b}, 5, all, step{}},
		"a non-voter that waits for its address is no voter yet": {
			[]raft.Server{voter("a"), nonvoter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), c},
			5, all,
			step{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := plan(test.servers, test.observers, "a", test.max, test.caughtUp)
			if got != test.want || ok != (test.want != step{}) {
				t.Errorf("plan = %+v, %v, want %+v", got, ok, test.want)
			}
		})
	}
}

// Whatever the configuration and the observers are, following the plan ends,
// and ends with every observer in its place.
func TestPlan_Settles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"b", "c", "d", "e", "f", "g"}), 0, 6, rapid.ID).Draw(t, "observers")
		limit := rapid.IntRange(1, 5).Draw(t, "max voters")
		observers := []*fsm.Observer{observer("a", "east", 1)}
		for i, name := range names {
			observers = append(observers, observer(name, rapid.SampledFrom([]string{"", "east", "west"}).Draw(t, "site"), uint64(i+2)))
		}
		preferring := 0
		for _, o := range observers {
			if o.Preferred = rapid.Bool().Draw(t, "preferred"); o.Preferred {
				preferring++
			}
		}
		servers := []raft.Server{voter("a")}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"b", "c", "x", "y"}), 0, 4, rapid.ID).Draw(t, "servers") {
			s := voter(name)
			s.Suffrage = rapid.SampledFrom([]raft.ServerSuffrage{raft.Voter, raft.Nonvoter}).Draw(t, "suffrage")
			s.Address = raft.ServerAddress(name + rapid.SampledFrom([]string{":7000", ":1"}).Draw(t, "port"))
			servers = append(servers, s)
		}
		leader := "a"
		for steps := 0; ; steps++ {
			next, ok := plan(servers, observers, leader, limit, func(*fsm.Observer) bool { return true })
			if !ok {
				break
			}
			if steps > 50 {
				t.Fatalf("the plan does not end: %+v", next)
			}
			if next.kind == handOver {
				heir, refused := heirOf(leader, "", servers, observers, func(*fsm.Observer) bool { return true })
				if refused != nil {
					t.Fatal(refused)
				}
				leader = string(heir.ID)
				continue
			}
			servers = follow(servers, next)
		}
		if len(servers) != len(observers) {
			t.Fatalf("%d servers for %d observers: %v", len(servers), len(observers), servers)
		}
		for _, o := range observers {
			if !slices.ContainsFunc(servers, func(s raft.Server) bool {
				return string(s.ID) == o.Node && string(s.Address) == o.Raft
			}) {
				t.Fatalf("%s is not among %v", o.Node, servers)
			}
		}
		if got, want := votersAmong(servers), min(limit, len(observers)); got != want {
			t.Fatalf("%d voters, want %d: %v", got, want, servers)
		}
		voting := 0
		for _, o := range observers {
			if o.Preferred && suffrageOf(servers, raft.ServerID(o.Node)) == raft.Voter {
				voting++
			}
		}
		if want := min(limit, preferring); voting != want {
			t.Fatalf("%d of the %d that are preferred vote, want %d: %v", voting, preferring, want, servers)
		}
	})
}

func follow(servers []raft.Server, s step) []raft.Server {
	at := slices.IndexFunc(servers, func(x raft.Server) bool { return string(x.ID) == s.node })
	switch s.kind {
	case removeServer:
		return slices.Delete(slices.Clone(servers), at, at+1)
	case addServer:
		return append(servers, raft.Server{ID: raft.ServerID(s.node), Address: raft.ServerAddress(s.address), Suffrage: raft.Nonvoter})
	case moveServer:
		servers[at].Address = raft.ServerAddress(s.address)
	case promote:
		servers[at].Suffrage = raft.Voter
	case demote:
		servers[at].Suffrage = raft.Nonvoter
	default:
		panic(fmt.Sprintf("unknown step %q", s.kind))
	}
	return servers
}

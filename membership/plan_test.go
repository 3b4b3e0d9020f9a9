package membership

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

func voter(name string) api.Server {
	return api.Server{Node: name, Address: name + ":7000", Voter: true}
}

func nonvoter(name string) api.Server {
	s := voter(name)
	s.Voter = false
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
		servers   []api.Server
		observers []*fsm.Observer
		max       int
		caughtUp  func(*fsm.Observer) bool
		want      Step
	}{
		"nothing to do":                            {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a, b}, 5, all, Step{}},
		"the founder has not registered yet":       {[]api.Server{voter("a")}, nil, 5, all, Step{}},
		"a new observer becomes a non-voter":       {[]api.Server{voter("a")}, []*fsm.Observer{a, b}, 5, none, Step{Add, "b", "b:7000"}},
		"a non-voter that has not caught up waits": {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 5, none, Step{}},
		"a non-voter that has caught up votes":     {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 5, all, Step{Promote, "b", "b:7000"}},
		"there are voters enough":                  {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 1, all, Step{}},
		"one that is preferred comes first": {
			[]api.Server{voter("a"), nonvoter("b"), nonvoter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			Step{Promote, "d", "d:7000"},
		},
		"one that is preferred votes before another makes room": {
			[]api.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			Step{Promote, "d", "d:7000"},
		},
		"and then takes its place": {
			[]api.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, all,
			Step{Demote, "c", "c:7000"},
		},
		"and keeps it when it falls silent in between": {
			[]api.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node != "d" },
			Step{Demote, "c", "c:7000"},
		},
		"one that is preferred waits while too many vote": {
			[]api.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			2, all,
			Step{Demote, "b", "b:7000"},
		},
		"max_voters was lowered": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{a, b, c},
			2, all,
			Step{Demote, "b", "b:7000"},
		},
		"it was lowered below those that are preferred": {
			[]api.Server{voter("a"), voter("b"), voter("c")},
			[]*fsm.Observer{preferred(a), preferred(b), preferred(c)},
			2, all,
			Step{Demote, "b", "b:7000"},
		},
		"but of none that is preferred too": {
			[]api.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{preferred(a), preferred(b), preferred(c), preferred(d)},
			3, all,
			Step{},
		},
		"of one that is silent first": {
			[]api.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, b, c, preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node != "c" },
			Step{Demote, "c", "c:7000"},
		},
		"of nobody while a majority would not be heard": {
			[]api.Server{voter("a"), voter("b"), voter("c"), nonvoter("d")},
			[]*fsm.Observer{a, preferred(b), preferred(c), preferred(d)},
			3, func(o *fsm.Observer) bool { return o.Node == "d" },
			Step{},
		},
		"the leader hands the lead over when it is the one": {
			[]api.Server{voter("a"), voter("b"), voter("c"), voter("d")},
			[]*fsm.Observer{a, preferred(b), preferred(c), preferred(d)},
			3, all,
			Step{Kind: TransferLeadership, Node: "a"},
		},
		"the only voter votes until another one does": {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, preferred(b)}, 1, all, Step{Promote, "b", "b:7000"}},
		"and hands the lead over to it":               {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a, preferred(b)}, 1, all, Step{Kind: TransferLeadership, Node: "a"}},
		"the site with fewer voters comes first": {
			[]api.Server{voter("a"), nonvoter("b"), nonvoter("c"), nonvoter("d")},
			[]*fsm.Observer{a, b, c, d},
			3, all,
			Step{Promote, "c", "c:7000"},
		},
		"a server that is no observer is removed":        {[]api.Server{voter("a"), voter("gone")}, []*fsm.Observer{a}, 5, all, Step{Remove, "gone", "gone:7000"}},
		"a new address is followed":                      {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a, moved}, 5, all, Step{Move, "b", "b:7999"}},
		"a leader that has left hands the lead over":     {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{b}, 5, all, Step{Kind: TransferLeadership, Node: "a"}},
		"but to none that is silent":                     {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{b}, 5, none, Step{}},
		"a leader that has left waits for another voter": {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{b}, 5, all, Step{}},
		"a non-voter that waits for its address is no voter yet": {
			[]api.Server{voter("a"), nonvoter("b"), voter("c")},
			[]*fsm.Observer{a, claims("b", "c:7000", 5), c},
			5, all,
			Step{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Plan(test.servers, test.observers, "a", test.max, test.caughtUp)
			if got != test.want || ok != (test.want != Step{}) {
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
		servers := []api.Server{voter("a")}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"b", "c", "x", "y"}), 0, 4, rapid.ID).Draw(t, "servers") {
			s := voter(name)
			s.Voter = rapid.SampledFrom([]bool{true, false}).Draw(t, "votes")
			s.Address = name + rapid.SampledFrom([]string{":7000", ":1"}).Draw(t, "port")
			servers = append(servers, s)
		}
		leader := "a"
		for steps := 0; ; steps++ {
			next, ok := Plan(servers, observers, leader, limit, func(*fsm.Observer) bool { return true })
			if !ok {
				break
			}
			if steps > 50 {
				t.Fatalf("the plan does not end: %+v", next)
			}
			if next.Kind == TransferLeadership {
				accounts := make([]peer.Account, len(observers))
				for i, o := range observers {
					accounts[i] = peer.Account{Node: o.Node, Follows: leader}
				}
				heir, err := Succession{Self: leader, Servers: servers, Observers: observers, Accounts: accounts, Tried: tried()}.Heir("")
				if err != nil {
					t.Fatal(err)
				}
				leader = heir.Node
				continue
			}
			servers = follow(servers, next)
		}
		if len(servers) != len(observers) {
			t.Fatalf("%d servers for %d observers: %v", len(servers), len(observers), servers)
		}
		for _, o := range observers {
			if !slices.ContainsFunc(servers, func(s api.Server) bool {
				return s.Node == o.Node && s.Address == o.Raft
			}) {
				t.Fatalf("%s is not among %v", o.Node, servers)
			}
		}
		if got, want := Voters(servers), min(limit, len(observers)); got != want {
			t.Fatalf("%d voters, want %d: %v", got, want, servers)
		}
		voting := 0
		for _, o := range observers {
			if o.Preferred && Votes(servers, o.Node) {
				voting++
			}
		}
		if want := min(limit, preferring); voting != want {
			t.Fatalf("%d of the %d that are preferred vote, want %d: %v", voting, preferring, want, servers)
		}
	})
}

func follow(servers []api.Server, s Step) []api.Server {
	at := slices.IndexFunc(servers, func(x api.Server) bool { return x.Node == s.Node })
	switch s.Kind {
	case Remove:
		return slices.Delete(slices.Clone(servers), at, at+1)
	case Add:
		return append(servers, api.Server{Node: s.Node, Address: s.Address})
	case Move:
		servers[at].Address = s.Address
	case Promote:
		servers[at].Voter = true
	case Demote:
		servers[at].Voter = false
	default:
		panic(fmt.Sprintf("unknown step %q", s.Kind))
	}
	return servers
}

// TestUnfinished: who leads looks again by itself as long as it waits for what
// wakes nobody.
func TestUnfinished(t *testing.T) {
	a, b := observer("a", "", 1), observer("b", "", 2)
	elsewhere := observer("b", "", 2)
	elsewhere.Raft = "b:7001"
	for name, c := range map[string]struct {
		servers   []api.Server
		observers []*fsm.Observer
		maxVoters int
		want      bool
	}{
		"all are in their places":           {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a, b}, 5, false},
		"there is no room for another vote": {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 1, false},
		"one could vote when it is heard":   {[]api.Server{voter("a"), nonvoter("b")}, []*fsm.Observer{a, b}, 5, true},
		"one is not in raft yet":            {[]api.Server{voter("a")}, []*fsm.Observer{a, b}, 5, true},
		"one is an observer no more":        {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a}, 5, true},
		"one has moved":                     {[]api.Server{voter("a"), voter("b")}, []*fsm.Observer{a, elsewhere}, 5, true},
	} {
		if got := Unfinished(c.servers, c.observers, "a", c.maxVoters); got != c.want {
			t.Errorf("%s: unfinished is %v, want %v", name, got, c.want)
		}
	}
}

func TestAwaitsVote(t *testing.T) {
	servers := []api.Server{voter("a"), nonvoter("b")}
	for _, c := range []struct {
		node      string
		maxVoters int
		want      bool
	}{
		{"a", 5, false},
		{"b", 5, true},
		{"b", 2, true},
		{"b", 1, false},
		{"c", 5, true},
	} {
		if got := AwaitsVote(servers, c.node, c.maxVoters); got != c.want {
			t.Errorf("%s with room for %d: %v, want %v", c.node, c.maxVoters, got, c.want)
		}
	}
}

package membership

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// answers returns the accounts of nodes that follow the leader n1.
func answers(nodes ...string) (accounts []peer.Account) {
	for _, node := range nodes {
		accounts = append(accounts, peer.Account{Node: node, Follows: "n1"})
	}
	return accounts
}

func tried(nodes ...string) func(string) bool {
	return func(node string) bool { return slices.Contains(nodes, node) }
}

// members returns observers n1, n2, … and as many voters.
func members(n int) (servers []api.Server, observers []*fsm.Observer) {
	for i := range n {
		node := "n" + string(rune('1'+i))
		servers = append(servers, api.Server{Node: node, Address: node + ":1", Voter: true})
		observers = append(observers, &fsm.Observer{Node: node})
	}
	return servers, observers
}

func TestSuccession_Heir(t *testing.T) {
	for name, test := range map[string]struct {
		to       string
		accounts []peer.Account
		tried    []string
		want     string
		refused  string // a part of it
	}{
		"the first that answers":          {to: "", accounts: answers("n2", "n3"), want: "n2"},
		"a silent one is passed over":     {to: "", accounts: answers("n3"), want: "n3"},
		"one that was tried is too":       {to: "", accounts: answers("n2", "n3"), tried: []string{"n2"}, want: "n3"},
		"the one that is asked for":       {to: "n3", accounts: answers("n2", "n3"), want: "n3"},
		"none answers":                    {to: "", refused: "the lead stays with n1: no other voter answers"},
		"the leader is none":              {to: "", accounts: answers("n1"), refused: "no other voter answers"},
		"one that left is none":           {to: "", accounts: answers("n6"), refused: "no other voter answers"},
		"a non-voter is none":             {to: "", accounts: answers("n4"), refused: "no other voter answers"},
		"one that follows another":        {to: "", accounts: []peer.Account{{Node: "n2", Follows: "n3"}}, refused: "no other voter answers"},
		"one that is unknown":             {to: "n9", accounts: answers("n2"), refused: `there is no member "n9"`},
		"one that does not vote":          {to: "n4", accounts: answers("n2", "n3", "n4"), refused: "n4 can't lead: it does not vote; n2 or n3 could"},
		"one that does not answer":        {to: "n3", accounts: answers("n2"), refused: "n3 can't lead: it votes, but does not answer now; n2 could"},
		"one that was tried":              {to: "n2", accounts: answers("n2", "n3"), tried: []string{"n2"}, refused: "n2 was to take the lead already since n1 leads"},
		"one that was tried, and silent":  {to: "n2", tried: []string{"n2"}, refused: "n2 was to take the lead already since n1 leads"},
		"all were tried":                  {to: "", accounts: answers("n2", "n3"), tried: []string{"n2", "n3"}, refused: "the lead stays with n1: it was to go to n2 and n3 already"},
		"one was tried, the other silent": {to: "", tried: []string{"n2"}, refused: "the lead stays with n1: it was to go to n2 already since n1 leads, and did not, and no other voter answers"},
	} {
		t.Run(name, func(t *testing.T) {
			servers, observers := members(6)
			servers[3].Voter, servers[4].Voter = false, false
			s := Succession{Self: "n1", Servers: servers, Observers: observers[:5], Accounts: test.accounts, Tried: tried(test.tried...)}
			got, err := s.Heir(test.to)
			if got.Node != test.want || (err != nil) != (test.refused != "") {
				t.Fatalf("heir = %q, %v, want %q", got.Node, err, test.want)
			}
			if _, refused := errors.AsType[*fsm.Refusal](err); err != nil && (!refused || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("refused: %v, want %q", err, test.refused)
			}
		})
	}
}

func TestSuccession_HeirThatHears(t *testing.T) {
	voter := func(node string, hears int) peer.Account {
		return peer.Account{Node: node, Follows: "n1", Hears: hears}
	}
	for name, test := range map[string]struct {
		observers int
		accounts  []peer.Account
		tried     []string
		want      string
	}{
		"nobody answers":                      {5, nil, nil, ""},
		"nobody hears more":                   {5, []peer.Account{voter("n2", 1), voter("n3", 2)}, nil, ""},
		"half is not enough":                  {4, []peer.Account{voter("n2", 2)}, nil, ""},
		"one hears a majority":                {5, []peer.Account{voter("n2", 2), voter("n3", 3)}, nil, "n3"},
		"who hears the most":                  {5, []peer.Account{voter("n2", 3), voter("n3", 4), voter("n4", 3)}, nil, "n3"},
		"of two that hear as many the first":  {5, []peer.Account{voter("n3", 4), voter("n2", 4)}, nil, "n2"},
		"not the one that was tried":          {5, []peer.Account{voter("n2", 5), voter("n3", 4)}, []string{"n2"}, "n3"},
		"all were tried":                      {5, []peer.Account{voter("n2", 5), voter("n3", 4)}, []string{"n2", "n3"}, ""},
		"who follows another is not in reach": {5, []peer.Account{{Node: "n2", Follows: "n3", Hears: 5}, voter("n4", 3)}, nil, "n4"},
		"who follows nobody is not in reach":  {5, []peer.Account{{Node: "n2", Hears: 5}}, nil, ""},
		"not the one that gives it away":      {5, []peer.Account{voter("n1", 5)}, nil, ""},
		"an older build does not say":         {3, []peer.Account{{Node: "n2"}}, nil, ""},
		"none of who has left":                {3, []peer.Account{voter("n4", 3)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			servers, observers := members(5)
			s := Succession{Self: "n1", Servers: servers, Observers: observers[:test.observers], Accounts: test.accounts, Tried: tried(test.tried...)}
			got, err := s.HeirThatHears()
			if got.Node != test.want || errors.Is(err, ErrNoneHears) != (test.want == "") {
				t.Errorf("heir = %q, %v, want %q", got.Node, err, test.want)
			}
		})
	}
}

package membership

import (
	"testing"

	"tocsin/api/peer"
)

func TestHeir(t *testing.T) {
	voter := func(node string, hears int) peer.Account {
		return peer.Account{Node: node, Follows: "n1", Hears: hears}
	}
	for name, test := range map[string]struct {
		observers int
		voters    []peer.Account
		want      string
	}{
		"nobody answers":                       {5, nil, ""},
		"nobody hears more":                    {5, []peer.Account{voter("n2", 1), voter("n3", 2)}, ""},
		"half is not enough":                   {4, []peer.Account{voter("n2", 2)}, ""},
		"one hears a majority":                 {5, []peer.Account{voter("n2", 2), voter("n3", 3)}, "n3"},
		"who hears the most":                   {5, []peer.Account{voter("n2", 3), voter("n3", 4), voter("n4", 3)}, "n3"},
		"of two that hear as many the first":   {5, []peer.Account{voter("n3", 4), voter("n2", 4)}, "n2"},
		"who follows another is not in reach":  {5, []peer.Account{{Node: "n2", Follows: "n3", Hears: 5}, voter("n4", 3)}, "n4"},
		"who follows nobody is not in reach":   {5, []peer.Account{{Node: "n2", Hears: 5}}, ""},
		"not the one that gives it away":       {5, []peer.Account{voter("n1", 5)}, ""},
		"an older build does not say":          {3, []peer.Account{{Node: "n2"}}, ""},
		"none of a cluster that nobody is in?": {0, []peer.Account{voter("n2", 0)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := HeirThatHears("n1", test.observers, test.voters)
			if got != test.want || found != (test.want != "") {
				t.Errorf("heir = %q, %v, want %q", got, found, test.want)
			}
		})
	}
}

package node

import (
	"slices"
	"strings"
	"testing"

	"tocsin/fsm"
)

func TestRemoval_IsRefusedWhereItWouldCostTheQuorum(t *testing.T) {
	for name, c := range map[string]struct {
		voters, others string // non-voters
		silent         string
		quorum         fsm.Quorum
		node           string
		words          string // "" if nothing is lost
	}{
		"one of three":                         {"a b c", "", "", 0, "c", ""},
		"the silent one of three":              {"a b c", "", "c", 0, "c", ""},
		"one that is heard, with one silent":   {"a b c", "", "c", 0, "b", "1 would be heard, and a majority is 2"},
		"one of five, with one silent":         {"a b c d e", "", "e", 0, "d", ""},
		"one of five, with two silent":         {"a b c d e", "", "d e", 0, "c", "a majority is 3"},
		"nothing is decided as it is":          {"a b c", "", "b c", 0, "a", ""},
		"the only voter":                       {"a", "b c", "", 0, "a", "the only one that votes"},
		"a quorum of a number":                 {"a b c", "", "", 3, "c", "set to 3, and 2 observers would be left"},
		"an observer that does not vote":       {"a b c", "d e", "", 0, "e", ""},
		"one whose verdict would be missing":   {"a b c", "d e", "d e", 0, "c", "a decision takes 3"},
		"one of two":                           {"a b", "", "", 0, "b", ""},
		"one that is heard, and one is silent": {"a b", "", "b", 0, "b", ""},
		"nobody of that name":                  {"a b c", "", "", 0, "z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := removal{node: c.node, quorum: c.quorum, heard: func(o *fsm.Observer) bool { return !slices.Contains(strings.Fields(c.silent), o.Node) }}
			for _, v := range strings.Fields(c.voters) {
				r.servers = append(r.servers, voter(v))
			}
			for _, v := range strings.Fields(c.others) {
				r.servers = append(r.servers, nonvoter(v))
			}
			for i, s := range r.servers {
				r.observers = append(r.observers, observer(string(s.ID), "", uint64(i+1)))
			}
			if got := r.costs(); (got == "") != (c.words == "") || !strings.Contains(got, c.words) {
				t.Errorf("got %q, want %q", got, c.words)
			}
		})
	}
}

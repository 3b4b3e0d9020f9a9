package membership

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
		"a quorum of a number":                 {"a b c", "", "", 3, "c", "the quorum is 3 votes and there are only 2 observers"},
		"a quorum of a number, out of reach":   {"a b c", "", "b", 3, "c", "1 would be heard"},
		"and so is what it decides already":    {"a b c d", "", "d", 4, "c", ""},
		"an observer that does not vote":       {"a b c", "d e", "", 0, "e", ""},
		"one whose verdict would be missing":   {"a b c", "d e", "d e", 0, "c", "DOWN needs 3 of 4 votes, has 2"},
		"one of two":                           {"a b", "", "", 0, "b", ""},
		"one that is heard, and one is silent": {"a b", "", "b", 0, "b", ""},
		"nobody of that name":                  {"a b c", "", "", 0, "z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := Removal{Node: c.node, Demands: []Demand{{quorum: c.quorum}}, Heard: func(o *fsm.Observer) bool { return !slices.Contains(strings.Fields(c.silent), o.Node) }}
			for v := range strings.FieldsSeq(c.voters) {
				r.Servers = append(r.Servers, voter(v))
			}
			for v := range strings.FieldsSeq(c.others) {
				r.Servers = append(r.Servers, nonvoter(v))
			}
			for i, s := range r.Servers {
				r.Observers = append(r.Observers, observer(s.Node, "", uint64(i+1)))
			}
			if got := r.Costs(); (got == "") != (c.words == "") || !strings.Contains(got, c.words) {
				t.Errorf("got %q, want %q", got, c.words)
			}
		})
	}
}

func TestRemoval_IsRefusedWhereItWouldCostTheSites(t *testing.T) {
	everywhere := []*fsm.Observer{observer("a", "p", 1), observer("b", "p", 2), observer("c", "l", 3)}
	five := []*fsm.Observer{observer("a", "p", 1), observer("b", "p", 2), observer("c", "p", 3), observer("d", "l", 4), observer("e", "m", 5)}
	for name, c := range map[string]struct {
		observers    []*fsm.Observer
		silent, node string
		demands      []Demand
		words        string
	}{
		"a site of two that are asked for": {everywhere, "", "c", []Demand{{sites: 2}}, "must span 2 sites and the observers stand in 1"},
		"one of two of its site":           {everywhere, "", "b", []Demand{{sites: 2}}, ""},
		"sites that were never there":      {everywhere, "", "c", []Demand{{sites: 3}}, ""},
		"a majority of them, as it counts": {everywhere, "", "c", []Demand{{}}, ""},
		"the last but one that is heard":   {five, "e", "d", []Demand{{sites: 2}}, "DOWN needs 3 of 4 votes from 2 sites, has 3 from 1 site"},
		"what one endpoint asks for":       {everywhere, "", "c", []Demand{{}, {key: "db", sites: 2}}, `nothing about "db" could be decided`},
		"the quorum of one endpoint":       {everywhere, "", "c", []Demand{{}, {key: "db", quorum: 3}}, `nothing about "db" could be decided`},
	} {
		t.Run(name, func(t *testing.T) {
			r := Removal{Node: c.node, Observers: c.observers, Demands: c.demands, Heard: func(o *fsm.Observer) bool { return o.Node != c.silent }}
			for _, o := range c.observers {
				r.Servers = append(r.Servers, voter(o.Node))
			}
			if got := r.Costs(); (got == "") != (c.words == "") || !strings.Contains(got, c.words) {
				t.Errorf("got %q, want %q", got, c.words)
			}
		})
	}
}

package check

import (
	"slices"
	"time"
)

// underway is how long before it was applied an entry may have had its quorum:
// answers travel, and stand in line.
const underway = 6 * time.Second

// MinorityCommitsNothing checks that a node without quorum commits nothing:
// whoever led when an entry was committed could reach a majority of the voters,
// and be reached by them, shortly before.
func MinorityCommitsNothing(h *History) []Violation {
	f := found{invariant: 10}
	leader := map[uint64]string{}
	for _, t := range h.Terms {
		leader[t.Number] = t.Node
	}
	for _, e := range h.Log {
		who, known := leader[e.Term]
		if !known || len(e.Commands) == 0 || len(h.Links) == 0 || e.At < h.Links[0].At {
			continue // it led for too short a time to say so, or before links were noted
		}
		if !h.hadQuorum(who, e.At-underway, e.At) {
			f.add("", who, e.At, "entry %d of term %d was committed, and its leader %s reached no majority of the voters since %v", e.Index, e.Term, who, e.At-underway)
		}
	}
	return f.all
}

// hadQuorum reports whether at any moment between from and to a node reached a
// majority of the voters of that time both ways.
func (h *History) hadQuorum(node string, from, to time.Duration) bool {
	for i, l := range h.Links {
		end := forever
		if i+1 < len(h.Links) {
			end = h.Links[i+1].At
		}
		if l.At > to || end < from {
			continue
		}
		if slices.ContainsFunc(h.votersBetween(from-underway, to), func(voters []string) bool { return l.majority(node, voters) }) {
			return true
		}
	}
	return false
}

func (l Links) majority(node string, voters []string) bool {
	reached := 0
	for _, v := range voters {
		if v == node || l.Reach[Pair{node, v}] && l.Reach[Pair{v, node}] {
			reached++
		}
	}
	return 2*reached > len(voters)
}

// votersBetween returns the sets of voters that held at any moment between from
// and to.
func (h *History) votersBetween(from, to time.Duration) [][]string {
	var sets [][]string
	for _, e := range h.Log {
		if e.Voters == nil {
			continue
		}
		if e.At <= from {
			sets = sets[:0]
		}
		if e.At <= to {
			sets = append(sets, e.Voters)
		}
	}
	return sets
}

package check

import (
	"slices"
	"time"
)

// underway is how long before it was applied an entry may have had its quorum:
// answers travel, and stand in line.
const underway = 6 * time.Second

// MinorityCommitsNothing checks that a node without quorum commits nothing:
// when an entry was committed, its leader, or one of a later term, could reach a
// majority of the voters, and be reached by them, shortly before. (What a leader
// has left behind is committed by the next.) A node that is being stopped can
// still be elected, and does not say any more that it leads: what such a term may
// have committed is not judged.
func MinorityCommitsNothing(h *History) []Violation {
	f := found{invariant: 10}
	for i, e := range h.Log {
		if len(e.Commands) == 0 || len(h.Links) == 0 || e.At < h.Links[0].At {
			continue // it changes nothing, or links were not yet noted
		}
		known, allowed := false, false
		for _, t := range h.Terms {
			if t.Number >= e.Term && t.At <= e.At+time.Second {
				known = true
				allowed = allowed || h.hadQuorum(t.Node, e.At-underway, e.At)
			}
		}
		if known && !allowed && !h.silentTerm(h.Log[i:]) {
			f.add("", "", e.At, "entry %d of term %d was committed, and no leader of that term or a later one reached a majority of the voters since %v", e.Index, e.Term, e.At-underway)
		}
	}
	return f.all
}

// silentTerm reports whether the next term in the log, which may have committed
// its first entry, is one that nobody said to lead in.
func (h *History) silentTerm(log []Entry) bool {
	for _, e := range log {
		if e.Term > log[0].Term {
			return !slices.ContainsFunc(h.Terms, func(t Term) bool { return t.Number == e.Term })
		}
	}
	return false
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

package check

import (
	"fmt"
	"slices"
	"time"
)

// Violation is a promise that a history breaks.
type Violation struct {
	// Invariant is the number of the promise.
	Invariant int
	What      string
	// Key and Node say whom it concerns, empty if all; At when.
	Key, Node string
	At        time.Duration
}

func (v Violation) String() string {
	return fmt.Sprintf("invariant %d is broken at %v: %s", v.Invariant, v.At.Round(time.Millisecond), v.What)
}

// Checker finds what breaks one promise.
type Checker struct {
	Invariant int
	Name      string
	Find      func(*History) []Violation
}

// All returns all checkers, in order of the promises.
func All() []Checker {
	return []Checker{
		{1, "one sequence", OneSequence},
		{2, "events alternate", Alternation},
		{3, "a quorum of fresh votes", Evidence},
		{4, "votes are true", Truth},
		{5, "decided in time", InTime},
		{6, "nothing vanishes", NothingVanishes},
		{6, "a leader tells", LeaderRuns},
		{7, "in order", InOrder},
		{8, "once, but for deaths", Once},
		{9, "no history on new nodes", NoHistory},
		{10, "a minority commits nothing", MinorityCommitsNothing},
		{11, "acknowledged writes survive", WritesSurvive},
		{11, "what is undone is undone", UndoneIsUndone},
		{11, "writes are linearizable", Linearizable},
		{12, "the deleted are silent", DeletedIsSilent},
		{13, "the state follows from the log", StateFollows},
		{14, "attempts are bounded", Bounded},
		{15, "the cluster converges", Converges},
		{16, "health is honest", HonestHealth},
		{19, "a pause holds", Paused},
		{20, "parents hold", ParentsHold},
		{21, "the brake holds", BrakeHolds},
	}
}

// Violations applies all checkers to h.
func Violations(h *History) []Violation {
	var all []Violation
	for _, c := range All() {
		all = append(all, c.Find(h)...)
	}
	return all
}

// found collects violations of one promise.
type found struct {
	invariant int
	all       []Violation
}

func (f *found) add(key, node string, at time.Duration, format string, args ...any) {
	f.all = append(f.all, Violation{
		Invariant: f.invariant, What: fmt.Sprintf(format, args...), Key: key, Node: node, At: at,
	})
}

// eventsByID returns the replayed events.
func (h *History) eventsByID() map[uint64]Event {
	byID := make(map[uint64]Event, len(h.Events))
	for _, e := range h.Events {
		byID[e.ID] = e
	}
	return byID
}

// entry returns the entry at an index.
func (h *History) entry(index uint64) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(h.Log, index, func(e Entry, index uint64) int {
		switch {
		case e.Index < index:
			return -1
		case e.Index > index:
			return 1
		}
		return 0
	})
	if !ok {
		return Entry{}, false
	}
	return h.Log[i], true
}

// lives returns the processes of a node, in order.
func (h *History) lives(node string) []Life {
	var all []Life
	for _, l := range h.Lives {
		if l.Node == node {
			all = append(all, l)
		}
	}
	return all
}

// diedAfter reports whether the process that was up at a moment was ended
// within d from then.
func (h *History) diedAfter(node string, life int, at, d time.Duration) bool {
	return slices.ContainsFunc(h.Lives, func(l Life) bool {
		return l.Node == node && l.Number == life && l.To != 0 && l.To >= at && l.To <= at+d
	})
}

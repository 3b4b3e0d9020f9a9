package quorum

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
)

// Question is everything that a decision about one endpoint depends on.
type Question struct {
	// State is what the cluster holds now.
	State health.Status
	// Votes has one vote for each observer, excluded ones included: their
	// number is N.
	Votes []fsm.Vote
	// Quorum is how many equal votes are needed. Half of N or fewer is taken
	// as more than half: see Needed.
	Quorum int
	// Sites is how many sites the equal votes must span; 0 and 1 ask nothing.
	Sites int
	// Cooldown is the least time between two events, 0 for none; SinceLast is
	// how long ago the last one was. HasEvents is false when there is none to
	// count from: before the first, after the baseline alone, and when the
	// last one is so old that it is no longer kept.
	Cooldown, SinceLast time.Duration
	HasEvents           bool
	// Holds is what holds any change back, beside the cooldown.
	Holds []hold.Hold
	// HoldsDown is what holds only a change to DOWN back.
	HoldsDown []hold.Hold
}

// Answer is what was decided.
type Answer struct {
	// Change says that the state is to become To now.
	Change bool
	// To is the side that has the quorum against the state, UNKNOWN if none.
	To health.Status
	// HeldBy is what holds To back though it is agreed, empty if nothing does.
	HeldBy []hold.Hold
	// Missing says in words what a change would take. It is empty when there
	// is a change, and when a quorum confirms the state and no vote that
	// counts contradicts it.
	Missing string
}

// Decide answers q. It is a pure function: the same question always gets the
// same answer, whoever asks.
func Decide(q Question) Answer {
	a := q.decide()
	a.Missing = q.missing(a)
	return a
}

// decide is Decide without words.
func (q Question) decide() Answer {
	to, agreed := q.agreed(countingOnly)
	if !agreed || to == q.State {
		return Answer{}
	}
	var held []hold.Hold
	// A last event in the future (SinceLast below zero) is one of just now.
	if left := q.Cooldown - max(q.SinceLast, 0); q.HasEvents && left > 0 {
		held = append(held, hold.Hold{Kind: hold.Cooldown, For: left})
	}
	held = append(held, q.Holds...)
	if to == health.Down {
		held = append(held, q.HoldsDown...)
	}
	return Answer{Change: len(held) == 0, To: to, HeldBy: held}
}

// again returns when it is of use to ask again, as far as is known: all that
// holds has to end, and what has no end makes itself heard. 0 if nothing ends.
func (a Answer) again() time.Duration {
	var last time.Duration
	for _, h := range a.HeldBy {
		last = max(last, h.For)
	}
	return last
}

// Needed returns how many equal votes decide: Quorum, and never half of N or
// fewer. With more than half, two sides can't both have enough.
func (q Question) Needed() int { return max(q.Quorum, len(q.Votes)/2+1) }

// electorate says which votes are looked at.
type electorate bool

const (
	countingOnly electorate = false
	withExcluded electorate = true
)

// agreed returns the side that has the quorum, if one has.
func (q Question) agreed(who electorate) (health.Status, bool) {
	for _, side := range [...]health.Status{health.Up, health.Down} {
		if q.enough(q.camp(side, who)) {
			return side, true
		}
	}
	return health.Unknown, false
}

// doubtful reports whether the decision hangs on votes that do not count at
// present: would there be a change if they all did? If not, then no return of
// a silent node with an unchanged verdict can bring one.
func (q Question) doubtful() bool {
	// The lifted votes may give both sides a quorum no more than the
	// counting ones: each observer still has one vote.
	to, agreed := q.agreed(withExcluded)
	return agreed && to != q.State
}

// camp is one side: how many votes it has, and from how many sites.
type camp struct{ votes, sites int }

func (q Question) enough(c camp) bool { return c.votes >= q.Needed() && c.sites >= q.Sites }

func (q Question) camp(side health.Status, who electorate) camp {
	return q.count(func(v *fsm.Vote) bool {
		return v.Verdict == side && (v.Excluded == "" || who == withExcluded)
	})
}

// count returns how many votes belong, and from how many sites.
func (q Question) count(belongs func(*fsm.Vote) bool) camp {
	var c camp
	for i := range q.Votes {
		if !belongs(&q.Votes[i]) {
			continue
		}
		c.votes++
		seen := false
		// With few sites to ask for, and few observers, this is cheaper than
		// a set. One site is had by having a vote.
		for j := 0; j < i && !seen && q.Sites > 1; j++ {
			seen = belongs(&q.Votes[j]) && q.Votes[j].Site == q.Votes[i].Site
		}
		if !seen {
			c.sites++
		}
	}
	if q.Sites <= 1 {
		c.sites = min(c.votes, 1)
	}
	return c
}

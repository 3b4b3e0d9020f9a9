package quorum

import (
	"fmt"
	"strings"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/prose"
)

// maxNamed bounds how many observers a sentence names one by one.
const maxNamed = 5

// missing says what a change of the state would take when the answer is a, for
// somebody who was woken by it. It is empty when nothing is in question.
func (q Question) missing(a Answer) string {
	n := len(q.Votes)
	up, down := q.camp(health.Up, countingOnly), q.camp(health.Down, countingOnly)
	switch {
	case a.Change, q.settled(up, down):
		return ""
	case len(a.HeldBy) > 0:
		return q.heldBack(a)
	case n == 0:
		return "no observer is registered: nothing can be decided"
	case q.Needed() > n:
		return fmt.Sprintf("the quorum is %s and there %s: nothing can be decided until the quorum is lowered or observers join",
			count(q.Needed(), "vote"), are(n, "observer"))
	case q.Sites > q.sitesOfAll():
		return fmt.Sprintf("the votes must span %s and the observers stand in %d: nothing can be decided until the setting sites is lowered or observers join elsewhere",
			count(q.Sites, "site"), q.sitesOfAll())
	}
	var parts []string
	switch q.State {
	case health.Up:
		parts = []string{q.needs("DOWN", ",") + " " + q.has(down), "UP " + q.has(up)}
	case health.Down:
		parts = []string{q.needs("UP", ",") + " " + q.has(up), "DOWN " + q.has(down)}
	default:
		parts = []string{q.needs("the first decision", ":") + " UP " + q.has(up), "DOWN " + q.has(down)}
	}
	return strings.Join(append(parts, q.silent()...), "; ")
}

// settled reports whether a quorum confirms the state and no vote that counts
// contradicts it.
func (q Question) settled(up, down camp) bool {
	return q.State == health.Up && q.enough(up) && down.votes == 0 ||
		q.State == health.Down && q.enough(down) && up.votes == 0
}

// heldBack says that a change is agreed and waits, and for what.
func (q Question) heldBack(a Answer) string {
	parts := []string{fmt.Sprintf("%v is agreed by %d of %s", a.To, q.camp(a.To, countingOnly).votes, count(len(q.Votes), "vote"))}
	for _, h := range a.HeldBy {
		parts = append(parts, h.Holds("it"))
	}
	return strings.Join(parts, "; ")
}

// needs says "DOWN needs 3 of 5 votes from 2 sites".
func (q Question) needs(what, end string) string {
	s := fmt.Sprintf("%s needs %d of %s", what, q.Needed(), count(len(q.Votes), "vote"))
	if q.Sites > 1 {
		s += " from " + count(q.Sites, "site")
	}
	return s + end
}

// has says "has 2", or "has 2 from 1 site" where sites matter.
func (q Question) has(c camp) string {
	s := fmt.Sprintf("has %d", c.votes)
	if q.Sites > 1 && c.votes > 0 {
		s += " from " + count(c.sites, "site")
	}
	return s
}

// silent names the observers that are on neither side, and why.
func (q Question) silent() []string {
	var unknown, excluded []string
	for _, v := range q.Votes {
		switch {
		case v.Excluded != "":
			excluded = append(excluded, v.Node+": "+v.Excluded)
		case v.Verdict == health.Unknown && v.Reason != "":
			unknown = append(unknown, v.Node+": "+v.Reason)
		case v.Verdict == health.Unknown:
			unknown = append(unknown, v.Node)
		}
	}
	var parts []string
	if n := len(unknown); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s UNKNOWN (%s)", n, prose.Plural(n, "says", "say"), list(unknown, maxNamed)))
	}
	if n := len(excluded); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s not count (%s)", n, prose.Plural(n, "does", "do"), list(excluded, maxNamed)))
	}
	return parts
}

func (q Question) sitesOfAll() int {
	sites := make(map[string]struct{}, len(q.Votes))
	for _, v := range q.Votes {
		sites[v.Site] = struct{}{}
	}
	return len(sites)
}

// list joins items, the first so many of them if there are more.
func list(items []string, most int) string {
	if more := len(items) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), more)
	}
	return strings.Join(items, ", ")
}

func count(n int, thing string) string {
	return fmt.Sprintf("%d %s", n, prose.Plural(n, thing, thing+"s"))
}

func are(n int, thing string) string {
	return prose.Plural(n, "is only ", "are only ") + count(n, thing)
}

// conceal takes away what a vote says of another endpoint that had the same
// slot before: it is of no use to a reader.
func conceal(votes []fsm.Vote) []fsm.Vote {
	for i := range votes {
		if votes[i].Excluded == excludedBeforeAdded {
			votes[i].Verdict, votes[i].Reason = health.Unknown, ""
		}
	}
	return votes
}

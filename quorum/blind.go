package quorum

import (
	"fmt"
	"strings"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/prose"
)

// Blind says in words why nobody can judge the endpoint, and is empty if that
// can be done. An endpoint is blind when the observers with a verdict that
// counts, UP and DOWN together, are too few for any decision: whatever happens
// to it, its state stays. It is a pure function.
func (q Question) Blind() string {
	judges := q.judges()
	if q.enough(judges) {
		return ""
	}
	n := len(q.Votes)
	has, takes := fmt.Sprint(judges.votes), fmt.Sprint(q.Needed())
	if q.Sites > 1 {
		has, takes = has+" from "+count(judges.sites, "site"), takes+" from "+count(q.Sites, "site")
	}
	if judges.votes == 0 {
		has = "none"
	}
	text := fmt.Sprintf("of %s %s %s a verdict, and a decision takes %s", count(n, "node"), has, prose.Plural(max(judges.votes, 1), "has", "have"), takes)
	if reason := q.blinding(); reason != "" {
		text += ": " + reason
	}
	return text
}

// judges are the observers with a verdict that counts.
func (q Question) judges() camp {
	return q.count(func(v *fsm.Vote) bool { return v.Excluded == "" && v.Verdict != health.Unknown })
}

// blinding returns what keeps most of those without a verdict from having one,
// in one clause, empty if they say nothing.
func (q Question) blinding() string {
	var reasons tally
	for _, v := range q.Votes {
		switch {
		case v.Excluded != "":
			reasons.add("the vote does not count (" + v.Excluded + ")")
		case v.Verdict == health.Unknown && v.Reason != "":
			reasons.add(strings.ReplaceAll(v.Reason, ";", ","))
		}
	}
	return reasons.commonest
}

// tally finds what was said most often, and first among equals.
type tally struct {
	times     map[string]int
	commonest string
}

func (t *tally) add(text string) {
	if t.times == nil {
		t.times = make(map[string]int)
	}
	t.times[text]++
	if t.times[text] > t.times[t.commonest] {
		t.commonest = text
	}
}

// Blindness is which endpoints have been blind for too long. The zero value is
// none. Nobody changes it once it was handed out.
type Blindness struct {
	// Named are the keys of the first few, in order.
	Named []string
	// Reason is the commonest one.
	Reason      string
	generations map[uint64]struct{}
}

// Count returns how many there are.
func (b Blindness) Count() int { return len(b.generations) }

// Of reports whether e is one of them.
func (b Blindness) Of(e *fsm.Endpoint) bool {
	_, blind := b.generations[e.Generation]
	return blind
}

// minBlind is how long an endpoint has to be blind at least before it is worth a
// word: longer than a restart of the nodes one by one.
const minBlind = time.Minute

// Sight remembers since when endpoints have been blind. The zero value has seen
// nothing. It belongs to one goroutine.
type Sight struct{ since map[uint64]time.Time }

// Look looks at all endpoints, by a clock that does not go back, and returns which
// have been blind for as long as it takes to come by a verdict and to spread it,
// and for a minute.
func (s *Sight) Look(view *fsm.View, table *gossipdb.Table, now time.Time) Blindness {
	r := rosterOf(view)
	votes := make([]fsm.Vote, 0, len(r.observers))
	since := make(map[uint64]time.Time)
	lasting := Blindness{generations: make(map[uint64]struct{})}
	var reasons tally
	for e := range view.Endpoints("") {
		q := r.ask(votes, view, table, e, Moment{Now: now})
		if q.enough(q.judges()) {
			continue
		}
		began, known := s.since[e.Generation]
		if !known {
			began = now
		}
		since[e.Generation] = began
		if now.Sub(began) < blindGrace(view, e) {
			continue
		}
		lasting.generations[e.Generation] = struct{}{}
		if len(lasting.Named) < maxNamed {
			lasting.Named = append(lasting.Named, e.Key)
		}
		q.Votes = conceal(q.Votes)
		reasons.add(q.blinding())
	}
	s.since, lasting.Reason = since, reasons.commonest
	return lasting
}

// blindGrace is how long e may be blind: a new value has to be checked first.
func blindGrace(view *fsm.View, e *fsm.Endpoint) time.Duration {
	s := view.SettingsOf(e)
	verdict := time.Duration(max(s.Fall, s.Rise)) * time.Duration(s.Interval)
	return max(minBlind, verdict+view.Settings().BallotTTL())
}

package check

import (
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// membershipLag is how long before a decision the observers and settings that it
// was made by may have been changed, without the leader having applied that.
const membershipLag = time.Second

// Evidence checks that each event's evidence shows a quorum of observers, each
// fresh when it was decided: enough equal votes for the settings, from enough
// sites, one of each observer, none older than the time to live, none from
// before the leader's term, and none from before the endpoint was what it is.
func Evidence(h *History) []Violation {
	f := found{invariant: 3}
	for _, e := range h.Events {
		if e.Manual != nil {
			continue // somebody said so, and nobody voted
		}
		if !h.stirred(h.at(e)-membershipLag, e.At) {
			f.quorum(e)
			f.freshness(e)
		}
		f.age(h, e)
	}
	return f.all
}

// stirred reports whether observers or settings changed between two moments.
func (h *History) stirred(from, to time.Duration) bool {
	for _, entry := range h.Log {
		if entry.At < from || entry.At > to {
			continue
		}
		for _, c := range entry.Commands {
			switch c := c.(type) {
			case fsm.RegisterObserver, fsm.RemoveObserver, fsm.ChangeSettings, fsm.Found:
				return true
			case fsm.SetEndpoint:
				if c.Overrides != nil {
					return true
				}
			}
		}
	}
	return false
}

func agreeing(e Event) (agree []fsm.Vote) {
	for _, v := range e.Votes {
		if v.Excluded == "" && v.Verdict == e.To {
			agree = append(agree, v)
		}
	}
	return agree
}

func (f *found) quorum(e Event) {
	n := len(e.Observers)
	observers, sites := map[string]bool{}, map[string]bool{}
	for _, o := range e.Observers {
		observers[o.Node], sites[o.Site] = true, true
	}
	agree, spanned := agreeing(e), map[string]bool{}
	for _, v := range agree {
		spanned[v.Site] = true
	}
	if len(e.Votes) != n {
		f.add(e.Key, "", e.At, "event %d of %s was decided by %d votes, and there are %d observers", e.ID, e.Key, len(e.Votes), n)
	}
	for _, v := range e.Votes {
		if !observers[v.Node] {
			f.add(e.Key, v.Node, e.At, "event %d of %s has a vote of %s, which is no observer", e.ID, e.Key, v.Node)
		}
		delete(observers, v.Node)
	}
	if need := max(int(e.Settings.Quorum), n/2+1); len(agree) < need {
		f.add(e.Key, "", e.At, "event %d of %s to %v has %d equal votes of %d observers, and needs %d: %s", e.ID, e.Key, e.To, len(agree), n, need, asJSON(e.Votes))
	}
	need := 1
	switch s := e.Settings.Sites; {
	case s > 0:
		need = int(s)
	case s == fsm.SitesAuto && len(sites) >= 3:
		need = len(sites)/2 + 1
	}
	if len(spanned) < need {
		f.add(e.Key, "", e.At, "event %d of %s to %v spans %d of %d sites, and needs %d", e.ID, e.Key, e.To, len(spanned), len(sites), need)
	}
}

func (f *found) freshness(e Event) {
	for _, v := range agreeing(e) {
		if time.Duration(v.Age) >= e.TTL {
			f.add(e.Key, v.Node, e.At, "event %d of %s counts a vote of %s that is %v old, and the time to live is %v", e.ID, e.Key, v.Node, v.Age, e.TTL)
		}
	}
}

// age checks that no vote that counts was made before the leader's term, or
// before any node had applied what the vote is about.
func (f *found) age(h *History, e Event) {
	decided := h.at(e)
	office, known := time.Duration(0), false
	for _, t := range h.Terms {
		if t.Node == e.Leader && t.Number == e.Term {
			office, known = t.At, true
		}
	}
	added, _ := h.entry(e.Generation)
	for _, v := range e.Votes {
		if v.Excluded != "" || v.Verdict == health.Unknown {
			continue
		}
		made := decided - time.Duration(v.Age)
		if known && made < office {
			f.add(e.Key, v.Node, e.At, "event %d of %s counts a vote of %s made at %v, before %s took office at %v", e.ID, e.Key, v.Node, made, e.Leader, office)
		}
		if !h.aliveAt(v.Node, made) {
			f.add(e.Key, v.Node, e.At, "event %d of %s counts a vote of %s made at %v, when the node was down", e.ID, e.Key, v.Node, made)
		}
		if made < added.At {
			f.add(e.Key, v.Node, e.At, "event %d of %s counts a vote of %s made at %v, before the endpoint was added at %v", e.ID, e.Key, v.Node, made, added.At)
		}
	}
}

// aliveAt reports whether a process of a node was up at a moment, or shortly
// before: its last words travel. One that ends in order goes on for a while.
func (h *History) aliveAt(node string, at time.Duration) bool {
	const travel, orderly = 3 * time.Second, 30 * time.Second
	return slices.ContainsFunc(h.Lives, func(l Life) bool {
		end := forever
		switch {
		case l.Killed:
			end = l.To + travel
		case l.To != 0:
			end = l.To + orderly
		}
		return l.Node == node && l.From <= at && at <= end
	})
}

// at returns when an event was decided, by the clock that all share here.
func (h *History) at(e Event) time.Duration { return e.Time.Sub(h.Epoch) }

package membership

import (
	"fmt"
	"slices"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

// Removal is what there is to know before a node is taken out.
type Removal struct {
	Node      string
	Servers   []api.Server
	Observers []*fsm.Observer
	Demands   []Demand
	Heard     func(*fsm.Observer) bool
}

// Demand is what a decision takes: about any endpoint, or about those that have
// settings of their own, of which key is one.
type Demand struct {
	key    string // "" for the settings of the cluster
	quorum fsm.Quorum
	sites  fsm.Sites
}

// DemandsOf returns each demand there is once, that of the cluster first.
func DemandsOf(view *fsm.View) []Demand {
	type pair struct {
		quorum fsm.Quorum
		sites  fsm.Sites
	}
	s := view.Settings()
	demands := []Demand{{"", s.Quorum, s.Sites}}
	known := map[pair]bool{{s.Quorum, s.Sites}: true}
	for e := range view.Endpoints("") {
		own := view.SettingsOf(e)
		if p := (pair{own.Quorum, own.Sites}); !known[p] {
			known[p] = true
			demands = append(demands, Demand{e.Key, own.Quorum, own.Sites})
		}
	}
	return demands
}

// Costs says what taking the node out would cost the cluster, "" if it goes on
// without it as it does with it. It is a pure function. What can't be committed
// or decided as it is has nothing to lose.
func (r Removal) Costs() string {
	left := slices.DeleteFunc(slices.Clone(r.Observers), func(o *fsm.Observer) bool { return o.Node == r.Node })
	if len(left) == len(r.Observers) {
		return ""
	}
	if cost := r.costsMajority(); cost != "" {
		return cost
	}
	for _, d := range r.Demands {
		if !r.ask(d, r.Observers).Change {
			continue
		}
		what := "nothing"
		if d.key != "" {
			what = fmt.Sprintf("nothing about %q", d.key)
		}
		if after := r.ask(d, left); !after.Change {
			return fmt.Sprintf("%s could be decided any more (%s): bring back those that are silent, or take those out first, or change what a decision takes (quorum, sites)", what, after.Missing)
		}
	}
	return ""
}

// costsMajority says what the voters would lose.
func (r Removal) costsMajority() string {
	is := make(map[string]bool, len(r.Observers))
	for _, o := range r.Observers {
		is[o.Node] = r.Heard(o)
	}
	var voters []api.Server
	for _, s := range r.Servers {
		if s.Voter {
			voters = append(voters, s)
		}
	}
	left := slices.DeleteFunc(slices.Clone(voters), func(s api.Server) bool { return s.Node == r.Node })
	heard := func(among []api.Server) (n int) {
		for _, s := range among {
			if is[s.Node] {
				n++
			}
		}
		return n
	}
	switch {
	case len(left) == 0 && len(voters) > 0:
		return "it is the only one that votes in raft: without it nothing can be committed; let another one vote first (raise max_voters, which promotes who has caught up)"
	case 2*heard(voters) > len(voters) && 2*heard(left) <= len(left):
		return fmt.Sprintf("of the %d voters that are left %d would be heard, and a majority is %d: nothing could be committed any more; bring back those that are silent, or take those out first", len(left), heard(left), len(left)/2+1)
	}
	return ""
}

// ask returns what would be decided about an endpoint that is UP, if all
// observers that are heard said DOWN.
func (r Removal) ask(d Demand, observers []*fsm.Observer) quorum.Answer {
	q := quorum.Question{State: health.Up}
	sites := make(map[string]struct{})
	for _, o := range observers {
		v := fsm.Vote{Node: o.Node, Site: o.Site, Verdict: health.Down}
		if !r.Heard(o) {
			v.Excluded = "it is not heard"
		}
		q.Votes = append(q.Votes, v)
		sites[o.Site] = struct{}{}
	}
	q.Quorum, q.Sites = d.quorum.Of(len(observers)), d.sites.Of(len(sites))
	return quorum.Decide(q)
}

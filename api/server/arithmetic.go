package server

import (
	"fmt"
	"strings"

	"tocsin/api"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/prose"
)

// The arithmetic of the quorum, in words for somebody who was woken by it.

// side is how many votes that count say the same, and from how many sites.
type side struct{ votes, sites int }

func sideOf(e api.EndpointStatus, to health.Status) side {
	var s side
	sites := map[string]struct{}{}
	for _, v := range e.Votes {
		if v.Excluded == "" && v.Verdict == to {
			s.votes++
			sites[v.Site] = struct{}{}
		}
	}
	s.sites = len(sites)
	return s
}

// said tells who says what: "3 of 5 observers say DOWN, 1 says UP, 1 does not
// count; a change takes 3".
func said(e api.EndpointStatus) string {
	n := len(e.Votes)
	if n == 0 {
		return "No observer is registered: nothing can be decided."
	}
	order := []health.Status{health.Down, health.Up}
	if e.State == health.Up {
		order = []health.Status{health.Up, health.Down}
	}
	first := countOf(e.Tally, order[0])
	parts := []string{fmt.Sprintf("%d of %d %s %v", first, n, prose.Plural(n, "observer says", "observers say"), order[0])}
	if other := countOf(e.Tally, order[1]); other > 0 {
		parts = append(parts, fmt.Sprintf("%d %s %v", other, prose.Plural(other, "says", "say"), order[1]))
	}
	if e.Tally.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d %s for neither", e.Tally.Unknown, prose.Plural(e.Tally.Unknown, "counts", "count")))
	}
	return fmt.Sprintf("%s; %s needed.", strings.Join(parts, ", "), take(e))
}

// take says what a decision takes: "3 are", "3 from 2 sites are".
func take(e api.EndpointStatus) string {
	text := fmt.Sprint(e.Quorum)
	if e.Sites > 1 {
		text += fmt.Sprintf(" from %d sites", e.Sites)
	}
	return text + prose.Plural(e.Quorum, " is", " are")
}

// needs tells what is missing for another state.
func needs(e api.EndpointStatus) string {
	n := len(e.Votes)
	switch {
	case n == 0:
		return "It takes observers: none is registered."
	case e.Quorum > n:
		return fmt.Sprintf("The quorum is %d, and there are only %d observers: nothing can be decided until it is lowered, or more join.", e.Quorum, n)
	case e.Agreed != nil && len(e.HeldBackBy) > 0:
		return fmt.Sprintf("%v has its quorum, and waits.", *e.Agreed)
	case e.Agreed != nil:
		return fmt.Sprintf("%v has its quorum: the leader is about to commit it.", *e.Agreed)
	case e.State == health.Up:
		return missing(e, health.Down)
	case e.State == health.Down:
		return missing(e, health.Up)
	}
	return missing(e, health.Up) + " " + missing(e, health.Down)
}

// missing says what to lacks: "UP has 1 of the 3 votes that it needs".
func missing(e api.EndpointStatus, to health.Status) string {
	s := sideOf(e, to)
	text := fmt.Sprintf("%v has %d of the %d %s that it needs", to, s.votes, e.Quorum, prose.Plural(e.Quorum, "vote", "votes"))
	if e.Sites > 1 {
		text += fmt.Sprintf(", from %d of %d sites", s.sites, e.Sites)
	}
	if lacks := e.Quorum - s.votes; lacks > 0 {
		text += fmt.Sprintf(": %d more", lacks)
	}
	return text + "."
}

// obstacles tells what holds a change back, whatever the votes say.
func obstacles(e api.EndpointStatus, leader string) []api.Obstacle {
	all := []api.Obstacle{}
	if leader == "" {
		all = append(all, api.Obstacle{Kind: api.HeldByNoLeader, Text: "there is no leader: nothing is decided until fewer nodes are cut off, or an election has ended"})
	}
	all = append(all, e.HeldBackBy...)
	return append(all, abstentions(e)...)
}

// abstentions tells of the nodes that vote for nobody, where a change could hang
// on them.
func abstentions(e api.EndpointStatus) []api.Obstacle {
	var nodes []string
	for _, v := range e.Votes {
		if v.Excluded == "" && gossipdb.Abstaining(v.Reason) {
			nodes = append(nodes, v.Node)
		}
	}
	if len(nodes) == 0 || e.Agreed != nil || e.Missing == "" {
		return nil
	}
	return []api.Obstacle{{Kind: api.HeldByAbstentions, Text: fmt.Sprintf("%s %s: the others alone have no quorum", strings.Join(nodes, ", "), prose.Plural(len(nodes), "abstains", "abstain"))}}
}

// countOf returns how many say s.
func countOf(t api.Tally, s health.Status) int {
	switch s {
	case health.Up:
		return t.Up
	case health.Down:
		return t.Down
	}
	return t.Unknown
}

package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/clustertest/check"
	"tocsin/clustertest/simnet"
)

// linkFault is what one fault does to the links between nodes.
type linkFault struct {
	link func(from, to string) simnet.Link
}

// breakLinks adds a fault of links, and returns what ends it.
func (r *run) breakLinks(link func(from, to string) simnet.Link) (end func()) {
	f := &linkFault{link}
	r.links = append(r.links, f)
	r.setLinks()
	return func() {
		r.links = slices.DeleteFunc(r.links, func(g *linkFault) bool { return g == f })
		r.setLinks()
	}
}

// setLinks makes every link what all present faults together make of it.
func (r *run) setLinks() {
	for _, a := range r.cluster.Names() {
		for _, b := range r.cluster.Names() {
			if a == b {
				continue
			}
			sum := r.plan.link(a, b)
			for _, f := range r.links {
				sum = worse(sum, f.link(a, b))
			}
			r.cluster.Net.Set(a, b, sum)
		}
	}
	r.noteLinks()
}

// worse returns a link with the faults of both.
func worse(a, b simnet.Link) simnet.Link {
	switch {
	case !a.Cut:
		a.Cut, a.Of = b.Cut, b.Of
	case b.Cut && (a.Of == 0 || b.Of == 0):
		a.Of = 0
	case b.Cut:
		a.Of |= b.Of
	}
	a.Delay, a.Jitter = a.Delay+b.Delay, a.Jitter+b.Jitter
	a.RaftDelay += b.RaftDelay
	a.Loss, a.Duplicate = max(a.Loss, b.Loss), max(a.Duplicate, b.Duplicate)
	return a
}

// noteLinks records who reaches whom by raft. A node that is being stopped in
// order still takes part.
func (r *run) noteLinks() {
	reach := map[check.Pair]bool{}
	silent := func(name string) bool { return r.down[name] && r.cluster.Ended(name) }
	for _, a := range r.cluster.Names() {
		for _, b := range r.cluster.Names() {
			if a != b && !silent(a) && !silent(b) && r.cluster.Net.Reaches(simnet.OfRaft, a, b) {
				reach[check.Pair{From: a, To: b}] = true
			}
		}
	}
	r.record.change(func(h *check.History, at time.Duration) {
		h.Links = append(h.Links, check.Links{At: at, Reach: reach})
	})
}

// apart cuts all links between a group and the rest, for traffic of that kind.
func apart(group []string, of simnet.Traffic) func(from, to string) simnet.Link {
	return func(from, to string) simnet.Link {
		return simnet.Link{Cut: slices.Contains(group, from) != slices.Contains(group, to), Of: of}
	}
}

// minority draws as many names as are just no majority.
func minority(names []string, dice *rand.Rand) []string {
	group := slices.Clone(names)
	dice.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
	return group[:(len(group)-1)/2]
}

// around does to all links of one node what link says.
func around(name string, link simnet.Link) func(from, to string) simnet.Link {
	return func(from, to string) simnet.Link {
		if from == name || to == name {
			return link
		}
		return simnet.Link{}
	}
}

// ring lets each node reach only its neighbours.
func ring(names []string) func(from, to string) simnet.Link {
	place := map[string]int{}
	for i, name := range names {
		place[name] = i
	}
	return func(from, to string) simnet.Link {
		distance := (place[from] - place[to] + len(names)) % len(names)
		return simnet.Link{Cut: distance != 1 && distance != len(names)-1}
	}
}

// star lets the gossip of all nodes go through one of them.
func star(centre string) func(from, to string) simnet.Link {
	return func(from, to string) simnet.Link {
		return simnet.Link{Cut: from != centre && to != centre, Of: simnet.OfGossip}
	}
}

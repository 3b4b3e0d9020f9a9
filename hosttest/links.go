//go:build linux

package hosttest

import (
	"slices"
	"time"

	"tocsin/clustertest/check"
	"tocsin/hosttest/lan"
)

// rules are the faults of the network that are on.
type rules struct{ all []*lan.Rule }

// disturb adds a rule to those of the network, until the function it returns is
// called. A packet that several speak of suffers from all of them.
func (c *Cluster) disturb(r lan.Rule) (end func()) {
	added := &r
	c.rules.all = append(c.rules.all, added)
	c.obey()
	return func() {
		c.rules.all = slices.DeleteFunc(c.rules.all, func(r *lan.Rule) bool { return r == added })
		c.obey()
	}
}

// obey has the switch do what all rules say.
func (c *Cluster) obey() {
	all := slices.Clone(c.rules.all)
	c.net.Obey(func(p lan.Packet) (sum lan.Link) {
		for _, r := range all {
			one := (*r)(p)
			sum.Cut = sum.Cut || one.Cut
			sum.Loss, sum.Duplicate = max(sum.Loss, one.Loss), max(sum.Duplicate, one.Duplicate)
			sum.Delay, sum.Jitter = max(sum.Delay, one.Delay), max(sum.Jitter, one.Jitter)
		}
		return sum
	})
	c.noteLinks()
}

// noteLinks writes down who can call whom by raft. A call needs both ways, so a
// cut of one way ends the calls of both.
func (c *Cluster) noteLinks() {
	open := func(from, to *node) bool {
		for _, r := range c.rules.all {
			there := lan.Packet{From: from.name, To: to.name, TCP: true, Source: 40000, Target: raftPort}
			back := lan.Packet{From: to.name, To: from.name, TCP: true, Source: raftPort, Target: 40000}
			if (*r)(there).Cut || (*r)(back).Cut {
				return false
			}
		}
		return from.runs() && to.runs() && !from.frozen && !to.frozen
	}
	reach := map[check.Pair]bool{}
	for _, from := range c.nodes {
		for _, to := range c.nodes {
			if from != to {
				reach[check.Pair{From: from.name, To: to.name}] = open(from, to)
			}
		}
	}
	c.record.change(func(h *check.History, at time.Duration) {
		h.Links = append(h.Links, check.Links{At: at, Reach: reach})
	})
}

// cut makes a rule for packets between nodes.
func cut(which func(from, to string) bool) lan.Rule {
	return func(p lan.Packet) lan.Link {
		return lan.Link{Cut: p.From != worldName && p.To != worldName && which(p.From, p.To)}
	}
}

// apart cuts a group off from all other nodes.
func apart(group []string) lan.Rule {
	return cut(func(from, to string) bool { return slices.Contains(group, from) != slices.Contains(group, to) })
}

// muted cuts all conversations of a node that are about a port.
func muted(name string, port uint16) lan.Rule {
	return func(p lan.Packet) lan.Link { return lan.Link{Cut: (p.From == name || p.To == name) && p.About(port)} }
}

// poor makes all links between nodes poor ones.
func poor(link lan.Link) lan.Rule {
	return func(p lan.Packet) lan.Link {
		if p.From == worldName || p.To == worldName {
			return lan.Link{}
		}
		return link
	}
}

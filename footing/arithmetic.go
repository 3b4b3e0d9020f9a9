package footing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tocsin/api"
	"tocsin/prose"
)

// arithmetic says whether a cluster may decide, and what it would take to keep
// it from that. Three things have to be there: a majority of those who vote in
// raft, to commit anything; as many observers whose ballots count as a decision
// takes votes; and as many sites among these.
//
// It is a value, and all that is asked of it are pure functions. It knows what
// one node knows: whether the others are right about who is silent is not for
// it to say. Endpoints with a quorum of their own may need more.
type arithmetic struct {
	leader       string // "" for none
	nodes        []elector
	votes, sites int // that a decision takes
}

// elector is one node.
type elector struct {
	name, site string
	voter      bool // in raft
	heard      bool
	counts     bool // it is an observer, heard, and does not abstain
}

// arithmeticOf returns that of a cluster as a node tells of it.
func arithmeticOf(c api.Cluster) arithmetic {
	a := arithmetic{leader: c.Leader, votes: c.Quorum, sites: c.Sites}
	for _, o := range c.Observers {
		a.nodes = append(a.nodes, elector{
			name: o.Node, site: o.Site, voter: o.Voter == nil || *o.Voter, // where raft can't be read all may be voters
			heard: o.Fresh, counts: o.Fresh && o.Abstains == "",
		})
	}
	for _, w := range c.Warnings {
		if w.Code == api.WarnStuckRemoval { // it is no observer, and counts in raft all the same
			a.nodes = append(a.nodes, elector{name: w.Node, voter: true})
		}
	}
	return a
}

// Tally is how much of something is needed, and how much of it is there.
type Tally struct {
	Needed int `json:"needed"`
	Heard  int `json:"heard"`
	Of     int `json:"of"`
}

// Enough reports whether as much is there as is needed.
func (t Tally) Enough() bool { return t.Heard >= t.Needed }

// count returns the three tallies when the given nodes are lost.
func (a arithmetic) count(lost ...string) (voters, votes, sites Tally) {
	all, there := map[string]bool{}, map[string]bool{}
	for _, n := range a.nodes {
		gone := slices.Contains(lost, n.name)
		if n.voter {
			voters.Of++
			if n.heard && !gone {
				voters.Heard++
			}
		}
		votes.Of++
		all[n.site] = true
		if n.counts && !gone {
			votes.Heard++
			there[n.site] = true
		}
	}
	voters.Needed, votes.Needed, sites.Needed = voters.Of/2+1, a.votes, a.sites
	sites.Of, sites.Heard = len(all), len(there)
	return voters, votes, sites
}

// decides reports whether the cluster could still decide without the given
// nodes. That it has found a leader is not asked: it finds one if it can.
func (a arithmetic) decides(lost ...string) bool {
	voters, votes, sites := a.count(lost...)
	return voters.Enough() && votes.Enough() && sites.Enough()
}

// spare returns how many nodes may fail whichever they are, -1 if the cluster
// can't even decide with all that are heard; and how it would be stopped if one
// more did.
func (a arithmetic) spare() (nodes int, then string) {
	voters, votes, _ := a.count()
	heard := func(is func(elector) bool) []string {
		var names []string
		for _, n := range a.nodes {
			if is(n) {
				names = append(names, n.name)
			}
		}
		return names
	}
	type way struct {
		takes int
		words string
	}
	ways := []way{
		{voters.Heard - voters.Needed + 1, "of the voters " + prose.And(heard(func(n elector) bool { return n.voter && n.heard }))},
		{votes.Heard - votes.Needed + 1, "of the observers " + prose.And(heard(func(n elector) bool { return n.counts }))},
	}
	if smallest, takes := a.smallestSites(); takes >= 0 {
		ways = append(ways, way{takes, "all at " + prose.And(smallest)})
	}
	easiest := slices.MinFunc(ways, func(a, b way) int { return cmp.Compare(a.takes, b.takes) })
	return max(easiest.takes, 0) - 1, easiest.words
}

// smallestSites returns the sites that would have to be lost for too few to be
// left, those with the fewest nodes first, and how many nodes these are; -1 if
// one site is enough.
func (a arithmetic) smallestSites() (names []string, nodes int) {
	at := map[string]int{}
	for _, n := range a.nodes {
		if n.counts {
			at[n.site]++
		}
	}
	if a.sites <= 1 {
		return nil, -1
	}
	byNodes := slices.SortedFunc(maps.Keys(at), func(x, y string) int {
		return cmp.Or(cmp.Compare(at[x], at[y]), cmp.Compare(x, y))
	})
	for _, site := range byNodes[:max(len(byNodes)-a.sites+1, 0)] {
		names = append(names, siteName(site))
		nodes += at[site]
	}
	return names, nodes
}

// alone returns which nodes and which sites stop the cluster if they fail by
// themselves, and which sites do not. Where all stand at one site, to lose it is
// to lose the cluster, and nobody has to be told.
func (a arithmetic) alone() (nodes, sites, harmless []string) {
	at := map[string][]string{}
	for _, n := range a.nodes {
		at[n.site] = append(at[n.site], n.name)
		if n.heard && !a.decides(n.name) {
			nodes = append(nodes, n.name)
		}
	}
	if len(at) < 2 {
		return nodes, nil, nil
	}
	for _, site := range slices.Sorted(maps.Keys(at)) {
		if a.decides(at[site]...) {
			harmless = append(harmless, siteName(site))
		} else {
			sites = append(sites, siteName(site))
		}
	}
	return nodes, sites, harmless
}

func siteName(site string) string { return cmp.Or(site, "(no site)") }

// lacks says in a sentence each what keeps the cluster from deciding.
func (a arithmetic) lacks() []string {
	voters, votes, sites := a.count()
	var all []string
	if !voters.Enough() {
		all = append(all, fmt.Sprintf("Nothing can be committed: %d of %d voters are heard, and a majority is %d.", voters.Heard, voters.Of, voters.Needed))
	}
	if !votes.Enough() {
		all = append(all, fmt.Sprintf("Nothing can be agreed on: the votes of %d of %d observers count, and a decision takes %d.", votes.Heard, votes.Of, votes.Needed))
	}
	if !sites.Enough() {
		all = append(all, fmt.Sprintf("Nothing can be agreed on: votes come from %d of %d sites, and a decision takes %d.", sites.Heard, sites.Of, sites.Needed))
	}
	if a.leader == "" && len(all) == 0 {
		return []string{"There is no leader at this moment, though enough nodes count as heard: those that were heard a few seconds ago still do (up to three intervals of the ballots), and an election takes as long. Ask again in a quarter of a minute; if it stays so, ask another node."}
	}
	if len(all) > 0 {
		all = append(all, a.remedy())
	}
	return all
}

// remedy says whom to look after. Who abstains often does so because of those
// that are silent, so that these come first.
func (a arithmetic) remedy() string {
	var silent, abstaining []string
	for _, n := range a.nodes {
		switch {
		case !n.heard:
			silent = append(silent, n.name)
		case !n.counts:
			abstaining = append(abstaining, n.name)
		}
	}
	switch {
	case len(silent) > 0:
		return fmt.Sprintf("Bring back %s; what to do about those that are lost for good is told by docs/recovery.md.", prose.And(silent))
	case len(abstaining) > 0:
		return fmt.Sprintf("See why %s abstain: \"tocsin status\" tells.", prose.And(abstaining))
	}
	return "Look at \"tocsin members\", and at what the quorum and the sites are set to."
}

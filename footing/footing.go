package footing

import (
	"fmt"

	"tocsin/api"
	"tocsin/prose"
)

// Footing is how firmly a cluster stands, as quorum check tells it.
type Footing struct {
	Decides bool   `json:"decides"`
	Leader  string `json:"leader"`
	Node    string `json:"node"` // who was asked
	// Lacks says in sentences what keeps it from deciding.
	Lacks  []string `json:"lacks,omitempty"`
	Voters Tally    `json:"voters"`
	Votes  Tally    `json:"votes"`
	Sites  Tally    `json:"sites"`
	// SpareNodes is how many more nodes may fail, whichever they are.
	SpareNodes int    `json:"spare_nodes"`
	Then       string `json:"then,omitempty"` // how one more would stop it
	// CriticalNodes and CriticalSites would stop it by themselves, SpareSites
	// would not.
	CriticalNodes []string `json:"critical_nodes,omitempty"`
	CriticalSites []string `json:"critical_sites,omitempty"`
	SpareSites    []string `json:"spare_sites,omitempty"`
}

// Of returns the footing of a cluster as one of its nodes tells of it.
func Of(c api.Cluster) Footing {
	a := arithmeticOf(c)
	f := Footing{Leader: c.Leader, Node: c.Node, Lacks: a.lacks()}
	f.Voters, f.Votes, f.Sites = a.count()
	f.SpareNodes, f.Then = a.spare()
	f.Decides = len(f.Lacks) == 0
	if f.Decides {
		f.CriticalNodes, f.CriticalSites, f.SpareSites = a.alone()
	} else {
		f.SpareNodes, f.Then = 0, ""
	}
	return f
}

// Sentences say what may fail and what may not.
func (f Footing) Sentences() []string {
	if !f.Decides {
		return f.Lacks
	}
	var all []string
	switch n := f.SpareNodes; n {
	case 0:
		all = append(all, fmt.Sprintf("One more may be too many: without %s nothing would be decided.", prose.Or(f.CriticalNodes)))
	case 1:
		all = append(all, fmt.Sprintf("Any one more node may fail. Two would stop it: %s.", f.Then))
	default:
		all = append(all, fmt.Sprintf("Any %d more nodes may fail. %d would stop it: %s.", n, n+1, f.Then))
	}
	if n := len(f.SpareSites); n == 1 {
		all = append(all, fmt.Sprintf("The site %s may fail.", f.SpareSites[0]))
	} else if n > 1 {
		all = append(all, fmt.Sprintf("Each of the sites %s may fail, one at a time.", prose.And(f.SpareSites)))
	}
	if len(f.CriticalSites) > 0 {
		all = append(all, fmt.Sprintf("Without the site %s nothing would be decided%s.", prose.Or(f.CriticalSites), f.spread()))
	}
	return all
}

// spread says what would help against a site that is lost, if it is not enough to
// bring back who is silent.
func (f Footing) spread() string {
	switch {
	case f.Votes.Heard < f.Votes.Of || f.Voters.Heard < f.Voters.Of:
		return ": bring back those that are not heard or abstain"
	case f.Voters.Of < 3 && f.Votes.Of >= 3:
		return ": fewer than three nodes vote in raft, so see what max_voters is set to (\"tocsin settings get\")"
	case f.Sites.Of < 3:
		return ": a node at a third site, that votes, would prevent that"
	}
	return ": spread the voters, so that no site has half of them"
}

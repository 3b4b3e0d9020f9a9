package cli

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
)

// footing is how firmly a cluster stands, as quorum check tells it.
type footing struct {
	Decides bool   `json:"decides"`
	Leader  string `json:"leader"`
	Node    string `json:"node"` // who was asked
	// Lacks says in sentences what keeps it from deciding.
	Lacks  []string `json:"lacks,omitempty"`
	Voters tally    `json:"voters"`
	Votes  tally    `json:"votes"`
	Sites  tally    `json:"sites"`
	// SpareNodes is how many more nodes may fail, whichever they are.
	SpareNodes int    `json:"spare_nodes"`
	Then       string `json:"then,omitempty"` // how one more would stop it
	// CriticalNodes and CriticalSites would stop it by themselves, SpareSites
	// would not.
	CriticalNodes []string `json:"critical_nodes,omitempty"`
	CriticalSites []string `json:"critical_sites,omitempty"`
	SpareSites    []string `json:"spare_sites,omitempty"`
}

func footingOf(c api.Cluster) footing {
	a := arithmeticOf(c)
	f := footing{Leader: c.Leader, Node: c.Node, Lacks: a.lacks()}
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

// code is the exit code that says so.
func (f footing) code() int {
	switch {
	case !f.Decides:
		return exitCritical
	case len(f.CriticalNodes)+len(f.CriticalSites) > 0:
		return exitWarning
	}
	return exitDone
}

func (a app) quorum() *cobra.Command {
	return family(&cobra.Command{
		Use:         "quorum check",
		Short:       "Say whether the cluster may decide, and what would stop it",
		Annotations: map[string]string{order: "63"},
		Example:     `tocsin quorum check`,
	}, a.quorumCheck())
}

func (a app) quorumCheck() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "check [flags]",
		Short:       "Say whether the cluster may decide, and what would stop it",
		Annotations: map[string]string{order: "1"},
		Long: `Counts what a decision takes, as the node that is asked sees it: a majority of
the voters, to commit it; the votes that the quorum asks for, and the sites that
they have to come from. Then it says which nodes and which sites may still fail.
Endpoints with a quorum of their own may need more.

Exit codes: 0 it decides, and would without any one node or site; 1 it decides,
and would not without some one node or site; 2 it can't decide; 3 it can't be
told: nobody answers, or the node belongs to no cluster.`,
		Example: `tocsin quorum check
tocsin quorum check -o json | jq .spare_nodes`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		_, status, err := fetch[api.Status](c.Context(), client, "/v1/status", url.Values{"limit": {"1"}})
		if err == nil {
			err = belongs(status.Cluster)
		}
		if err != nil {
			return exitError{fmt.Errorf("quorum check: %w", err), exitUnknown}
		}
		f := footingOf(status.Cluster)
		if err := a.printValue(output, f, func(s *screen) { s.footing(f) }); err != nil {
			return err
		}
		return exitWith(f.code())
	}
	return c
}

func (s *screen) footing(f footing) {
	if f.Decides {
		s.line("The cluster can decide: %s leads, as %s sees it.", clean(f.Leader), clean(f.Node))
	} else {
		s.line("%s, as %s sees it.", s.paint(red, "The cluster can't decide"), clean(f.Node))
	}
	s.line("")
	row := func(what string, t tally) []string {
		heard := strconv.Itoa(t.Heard)
		if !t.enough() {
			heard = s.paint(red, heard)
		}
		return []string{what, strconv.Itoa(t.Needed), heard, strconv.Itoa(t.Of)}
	}
	s.table([]string{"WHAT", "NEEDED", "HEARD", "OF"}, [][]string{
		row("voters, to commit", f.Voters), row("votes, to agree", f.Votes), row("sites, to agree", f.Sites),
	})
	s.line("")
	for _, sentence := range f.sentences() {
		for _, line := range wrap(sentence, tableWidth) {
			s.line("%s", line)
		}
	}
}

// sentences say what may fail and what may not.
func (f footing) sentences() []string {
	if !f.Decides {
		return f.Lacks
	}
	var all []string
	switch n := f.SpareNodes; n {
	case 0:
		all = append(all, fmt.Sprintf("One more may be too many: without %s nothing would be decided.", anyOf(f.CriticalNodes)))
	case 1:
		all = append(all, fmt.Sprintf("Any one more node may fail. Two would stop it: %s.", f.Then))
	default:
		all = append(all, fmt.Sprintf("Any %d more nodes may fail. %d would stop it: %s.", n, n+1, f.Then))
	}
	if n := len(f.SpareSites); n == 1 {
		all = append(all, fmt.Sprintf("The site %s may fail.", f.SpareSites[0]))
	} else if n > 1 {
		all = append(all, fmt.Sprintf("Each of the sites %s may fail, one at a time.", listed(f.SpareSites)))
	}
	if len(f.CriticalSites) > 0 {
		all = append(all, fmt.Sprintf("Without the site %s nothing would be decided%s.", anyOf(f.CriticalSites), f.spread()))
	}
	return all
}

// spread says what would help against a site that is lost, if it is not enough to
// bring back who is silent.
func (f footing) spread() string {
	switch {
	case f.Votes.Heard < f.Votes.Of || f.Voters.Heard < f.Voters.Of:
		return ": bring back those that are not heard or abstain"
	case f.Sites.Of < 3:
		return ": a node at a third site, that votes, would prevent that"
	}
	return ": spread the voters, so that no site has half of them"
}

// anyOf puts names behind each other: "a, b or c".
func anyOf(names []string) string {
	text := listed(names)
	if n := len(names); n > 1 {
		return text[:len(text)-len(" and "+names[n-1])] + " or " + names[n-1]
	}
	return text
}

package cli

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/footing"
)

// exitOf is the exit code that says so.
func exitOf(f footing.Footing) int {
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
		f := footing.Of(status.Cluster)
		if err := a.printValue(output, f, func(s *screen) { s.footing(f) }); err != nil {
			return err
		}
		return exitWith(exitOf(f))
	}
	return c
}

func (s *screen) footing(f footing.Footing) {
	if f.Decides {
		s.line("The cluster can decide: %s leads, as %s sees it.", clean(f.Leader), clean(f.Node))
	} else {
		s.line("%s, as %s sees it.", s.paint(red, "The cluster can't decide"), clean(f.Node))
	}
	s.line("")
	row := func(what string, t footing.Tally) []string {
		heard := strconv.Itoa(t.Heard)
		if !t.Enough() {
			heard = s.paint(red, heard)
		}
		return []string{what, strconv.Itoa(t.Needed), heard, strconv.Itoa(t.Of)}
	}
	s.table([]string{"WHAT", "NEEDED", "HEARD", "OF"}, [][]string{
		row("voters, to commit", f.Voters), row("votes, to agree", f.Votes), row("sites, to agree", f.Sites),
	})
	s.line("")
	for _, sentence := range f.Sentences() {
		for _, line := range wrap(clean(sentence), tableWidth) {
			s.line("%s", line)
		}
	}
}

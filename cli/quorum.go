package cli

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
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
		Annotations: map[string]string{help.Order: "63"},
		Example:     `tocsin quorum check`,
	}, a.quorumCheck())
}

func (a app) quorumCheck() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "check [flags]",
		Short:       "Say whether the cluster may decide, and what would stop it",
		Annotations: map[string]string{help.Order: "1", judges: "yes"},
		Long: `Counts what a decision takes, as the node that is asked sees it: a majority of
the voters, to commit it; the votes that the quorum asks for, and the sites that
they have to come from. Then it says which nodes and which sites may still fail.
Endpoints with a quorum of their own may need more.

Exit codes: 0 it decides, and would without any one node or site; 1 it decides,
and would not without some one node or site; 2 it can't decide; 3 it can't be
told: nobody answers, the node belongs to no cluster, or it was called wrongly.`,
		Example: `tocsin quorum check
tocsin quorum check -o json | jq .spare_nodes`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		_, status, err := client.Fetch[api.Status](c.Context(), nodes, "/v1/status", url.Values{"limit": {"1"}})
		if err == nil {
			err = belongs(status.Cluster)
		}
		if err != nil {
			return exitError{fmt.Errorf("quorum check: %w", err), exitUnknown}
		}
		f := footing.Of(status.Cluster)
		if err := a.printValue(output, f, func(s *screen.Screen) { drawFooting(s, f) }); err != nil {
			return err
		}
		return exitWith(exitOf(f))
	}
	return c
}

func drawFooting(s *screen.Screen, f footing.Footing) {
	if f.Decides {
		s.Line("The cluster can decide: %s leads, as %s sees it.", screen.Clean(f.Leader), screen.Clean(f.Node))
	} else {
		s.Line("%s, as %s sees it.", s.Paint(screen.Red, "The cluster can't decide"), screen.Clean(f.Node))
	}
	s.Line("")
	row := func(what string, t footing.Tally) []string {
		heard := strconv.Itoa(t.Heard)
		if !t.Enough() {
			heard = s.Paint(screen.Red, heard)
		}
		return []string{what, strconv.Itoa(t.Needed), heard, strconv.Itoa(t.Of)}
	}
	s.Table([]string{"WHAT", "NEEDED", "HEARD", "OF"}, [][]string{
		row("voters, to commit", f.Voters), row("votes, to agree", f.Votes), row("sites, to agree", f.Sites),
	})
	s.Line("")
	for _, sentence := range f.Sentences() {
		s.Sentence(sentence)
	}
}

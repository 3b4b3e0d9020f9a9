package cli

import (
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) members() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "members [flags]",
		Short:       "Show who belongs to the cluster",
		Annotations: map[string]string{help.Order: "62"},
		Long: `Shows a line for each node that the cluster, raft or the gossip knows, as the
node that is asked sees it; below, what endangers the cluster, and where the
three do not agree on who belongs to it.

VOTER says whether a node votes in raft; it is "no" for one that is on its way
in or beyond max_voters. HEARD is how long ago its last ballot came; in
brackets, a ballot that is too old to count. PROTOCOL is how much of the
replicated log its build reads.`,
		Example: `tocsin members
tocsin members -o json | jq -r '.members[] | select(.fresh | not) | .node'`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return show(a, c, &addresses, output, client.Request{Path: "/v1/members"}, drawMembers)
	}
	return c
}

func drawMembers(s *screen.Screen, all api.Members) {
	rows := make([][]string, len(all.Members))
	for i, m := range all.Members {
		rows[i] = []string{
			screen.Clean(m.Node), screen.Dash(m.Site), drawVoter(s, m), leads(m), drawHeard(s, m),
			screen.Dash(m.Version), protocol(m), screen.Dash(m.HTTP),
		}
	}
	s.Table([]string{"NODE", "SITE", "VOTER", "LEADER", "HEARD", "VERSION", "PROTOCOL", "ADDRESS"}, rows, 0, 1, 5, 7)
	var words [][2]string
	for _, m := range all.Members {
		if m.Abstains != "" {
			words = append(words, [2]string{screen.Clean(m.Node) + " abstains:", screen.Clean(m.Abstains)})
		}
	}
	if all.Disagreement != "" {
		words = append(words, [2]string{"not agreed:", screen.Clean(all.Disagreement)})
	}
	for _, w := range all.Warnings {
		words = append(words, [2]string{"warning:", screen.Clean(w.Text)})
	}
	if len(words) > 0 {
		s.Line("")
	}
	for _, w := range slices.Compact(words) {
		s.Headed(w[0], w[1])
	}
}

func drawVoter(s *screen.Screen, m api.Member) string {
	switch m.InRaft {
	case api.Voter:
		return "yes"
	case api.NonVoter:
		return "no"
	}
	return s.Paint(screen.Yellow, "absent")
}

func leads(m api.Member) string {
	if m.Leader {
		return "yes"
	}
	return "-"
}

// drawHeard says how long ago, in brackets when that is too long, or why a node is
// not listened to at all.
func drawHeard(s *screen.Screen, m api.Member) string {
	switch {
	case !m.Observer:
		return s.Paint(screen.Yellow, "no member")
	case m.HeardAgo == nil:
		return s.Paint(screen.Red, "never")
	case !m.Fresh:
		return s.Paint(screen.Red, "("+screen.Ago(time.Duration(*m.HeardAgo))+" ago)")
	}
	return screen.Ago(time.Duration(*m.HeardAgo)) + " ago"
}

func protocol(m api.Member) string {
	if m.Protocol == 0 {
		return "-"
	}
	return strconv.Itoa(int(m.Protocol))
}

package cli

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
)

func (a app) members() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "members [flags]",
		Short:       "Show who belongs to the cluster",
		Annotations: map[string]string{order: "62"},
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
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, members, err := fetch[api.Members](c.Context(), client, "/v1/members", nil)
		if err != nil {
			return fmt.Errorf("members: %w", err)
		}
		return a.print(output, raw, func(s *screen) { s.members(members) })
	}
	return c
}

func (s *screen) members(all api.Members) {
	rows := make([][]string, len(all.Members))
	for i, m := range all.Members {
		rows[i] = []string{
			clean(m.Node), dash(m.Site), s.voter(m), leads(m), s.heard(m),
			dash(m.Version), protocol(m), dash(m.HTTP),
		}
	}
	s.table([]string{"NODE", "SITE", "VOTER", "LEADER", "HEARD", "VERSION", "PROTOCOL", "ADDRESS"}, rows, 0, 1, 5, 7)
	var words [][2]string
	for _, m := range all.Members {
		if m.Abstains != "" {
			words = append(words, [2]string{clean(m.Node) + " abstains:", clean(m.Abstains)})
		}
	}
	if all.Disagreement != "" {
		words = append(words, [2]string{"not agreed:", clean(all.Disagreement)})
	}
	for _, w := range all.Warnings {
		words = append(words, [2]string{"warning:", clean(w.Text)})
	}
	if len(words) > 0 {
		s.line("")
	}
	for _, w := range slices.Compact(words) {
		s.headed(w[0], w[1])
	}
}

func (s *screen) voter(m api.Member) string {
	switch m.InRaft {
	case api.Voter:
		return "yes"
	case api.NonVoter:
		return "no"
	}
	return s.paint(yellow, "absent")
}

func leads(m api.Member) string {
	if m.Leader {
		return "yes"
	}
	return "-"
}

// heard says how long ago, in brackets when that is too long, or why a node is
// not listened to at all.
func (s *screen) heard(m api.Member) string {
	switch {
	case !m.Observer:
		return s.paint(yellow, "no member")
	case m.HeardAgo == nil:
		return s.paint(red, "never")
	case !m.Fresh:
		return s.paint(red, "("+ago(time.Duration(*m.HeardAgo))+" ago)")
	}
	return ago(time.Duration(*m.HeardAgo)) + " ago"
}

func protocol(m api.Member) string {
	if m.Protocol == 0 {
		return "-"
	}
	return strconv.Itoa(int(m.Protocol))
}

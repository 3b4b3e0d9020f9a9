package cli

import (
	"net/url"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/health"
)

// selection says which endpoints a command is about.
type selection struct {
	prefix string
	labels []string
	state  string
}

// selectionFlags adds --prefix and --label to c, and --state where that is asked
// for: it chooses by what changes by itself.
func selectionFlags(c *cobra.Command, withState bool) *selection {
	s := &selection{}
	c.Flags().StringVar(&s.prefix, "prefix", "", "only those whose key begins with this `text`")
	c.Flags().StringArrayVar(&s.labels, "label", nil, "only those with this label, as `name=value`; of several, all")
	help.Group(c, "Which", "prefix", "label")
	if withState {
		words := []string{health.Up.String(), health.Down.String(), health.Unknown.String()}
		c.Flags().Var(config.Upper(&s.state, words...), "state", "only those in this `state`: UP, DOWN or UNKNOWN")
		help.Group(c, "Which", "state")
	}
	return s
}

// query returns s as the API takes it.
func (s *selection) query(c *cobra.Command) (url.Values, error) {
	if _, err := labelsOf(c, s.labels); err != nil {
		return nil, err
	}
	query := url.Values{}
	if s.prefix != "" {
		query.Set("prefix", s.prefix)
	}
	for _, l := range s.labels {
		query.Add("label", l)
	}
	if s.state != "" {
		query.Set("state", s.state)
	}
	return query, nil
}

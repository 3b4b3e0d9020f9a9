package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
)

// checkTimeout is longer than a node waits for the checks of all.
const checkTimeout = time.Minute

func (a app) check() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "check KEY [flags]",
		Short:       "Check an endpoint now, on every node",
		Annotations: map[string]string{order: "5c"},
		Long: `Has every node check the endpoint at once, and shows what came out. It is a
check like any other: it counts, and the next comes after the usual time.`,
		Example: `tocsin check web
tocsin check web -o json | jq .tally`,
		Args: exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		client.http.Timeout = checkTimeout
		raw, err := client.ask(c.Context(), request{method: http.MethodPost, path: keyPath("/v1/endpoints/", args[0]) + "/check"})
		if err != nil {
			return fmt.Errorf("check: %w", err)
		}
		var checked api.Checked
		if err := json.Unmarshal(raw, &checked); err != nil {
			return fmt.Errorf("check: the answer can't be read: %w: is it a node of Tocsin, and of this version?", err)
		}
		return a.print(output, raw, func(s *screen) { s.checked(checked) })
	}
	return c
}

func (s *screen) checked(c api.Checked) {
	s.line("%s: %d of %d nodes find it UP, %d DOWN.", clean(c.Key), c.Tally.Up, len(c.Nodes), c.Tally.Down)
	s.line("")
	rows := make([][]string, len(c.Nodes))
	for i, n := range c.Nodes {
		row := []string{cut(clean(n.Node), 20), cut(dash(n.Site), 12)}
		if n.Sample == nil {
			rows[i] = append(row, s.paint(yellow, "-"), "-", "No answer: "+clean(n.Silent))
			continue
		}
		rows[i] = append(row, s.status(n.Sample.Status), ago(time.Duration(n.Sample.Duration)), clean(n.Sample.Reason))
	}
	s.table([]string{"NODE", "SITE", "RESULT", "TOOK", "WHAT IT SAW"}, rows)
}

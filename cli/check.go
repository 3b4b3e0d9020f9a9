package cli

import (
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

// checkTimeout is longer than a node waits for the checks of all.
const checkTimeout = time.Minute

// check is one command under two names: "tocsin endpoint check" stands with the
// others of endpoints, and "tocsin check" with what one looks at first.
func (a app) check(path, place string) *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "check KEY [flags]",
		Short:       "Check an endpoint now, on every node",
		Annotations: map[string]string{help.Order: place},
		Long: `Has every node check the endpoint at once, and shows what came out. It is a
check like any other: it counts, and the next comes after the usual time.`,
		Example: path + " web\n" + path + " web -o json | jq .tally",
		Args:    exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		wish := client.Request{Method: http.MethodPost, Path: client.KeyPath("/v1/endpoints/", args[0]) + "/check", Timeout: checkTimeout}
		return show(a, c, &addresses, output, wish, drawChecked)
	}
	return c
}

func drawChecked(s *screen.Screen, c api.Checked) {
	s.Line("%s: %d of %d nodes find it UP, %d DOWN.", screen.Clean(c.Key), c.Tally.Up, len(c.Nodes), c.Tally.Down)
	s.Line("")
	rows := make([][]string, len(c.Nodes))
	for i, n := range c.Nodes {
		row := []string{screen.Cut(screen.Clean(n.Node), 20), screen.Cut(screen.Dash(n.Site), 12)}
		if n.Sample == nil {
			rows[i] = append(row, s.Paint(screen.Yellow, "-"), "-", "No answer: "+screen.Clean(n.Silent))
			continue
		}
		rows[i] = append(row, s.Status(n.Sample.Status), screen.Ago(time.Duration(n.Sample.Duration)), screen.Clean(n.Sample.Reason))
	}
	s.Table([]string{"NODE", "SITE", "RESULT", "TOOK", "WHAT IT SAW"}, rows)
}

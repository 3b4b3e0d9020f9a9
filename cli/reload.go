package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) reloadCommand() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "reload [flags]",
		Short:       "Have a node read its configuration file again",
		Annotations: map[string]string{help.Order: "7a"},
		Long: `Does what SIGHUP does, and says what came of it. What the file marks with
[reload] is taken at once; what has to wait for a start is named. A file with a
fault changes nothing, and the fault is shown with its line.

One node is asked, the one at --address.`,
		Example: `tocsin validate /etc/tocsin/tocsin.yaml && tocsin reload
tocsin reload --address node2:6000`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		if len(nodes.Addresses) > 1 {
			return misuse(c, "%d addresses are given: each node has a file of its own, so name one", len(nodes.Addresses))
		}
		raw, reloaded, err := client.Decoded[api.Reloaded](nodes.Ask(c.Context(), client.Request{Method: http.MethodPost, Path: "/v1/reload"}))
		if err != nil {
			return fmt.Errorf("reload: %w", err)
		}
		return a.print(output, raw, func(s *screen.Screen) { drawReloaded(s, reloaded) })
	}
	return c
}

func drawReloaded(s *screen.Screen, r api.Reloaded) {
	if len(r.Applied)+len(r.Waiting) == 0 {
		s.Line("%s says nothing new.", screen.Clean(r.File))
		return
	}
	for _, c := range r.Applied {
		s.Line("%s: %s → %s", screen.Clean(c.Setting), orEmpty(c.From), orEmpty(c.To))
	}
	for _, c := range r.Waiting {
		s.Line("%s: %s → %s, which %s", screen.Clean(c.Setting), orEmpty(c.From), orEmpty(c.To), s.Paint(screen.Yellow, screen.Clean(c.When)))
	}
}

func orEmpty(text string) string {
	if text == "" {
		return `""`
	}
	return screen.Clean(text)
}

package cli

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"tocsin/api"
)

func (a app) reloadCommand() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "reload [flags]",
		Short:       "Have a node read its configuration file again",
		Annotations: map[string]string{order: "7a"},
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
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		if len(client.addresses) > 1 {
			return misuse(c, "%d addresses are given: each node has a file of its own, so name one", len(client.addresses))
		}
		raw, err := client.ask(c.Context(), request{method: http.MethodPost, path: "/v1/reload"})
		if err != nil {
			return fmt.Errorf("reload: %w", err)
		}
		var reloaded api.Reloaded
		if err := json.Unmarshal(raw, &reloaded); err != nil {
			return fmt.Errorf("reload: the answer can't be read: %w: is it a node of Tocsin, and of this version?", err)
		}
		return a.print(output, raw, func(s *screen) { s.reloaded(reloaded) })
	}
	return c
}

func (s *screen) reloaded(r api.Reloaded) {
	if len(r.Applied)+len(r.Waiting) == 0 {
		s.line("%s says nothing new.", clean(r.File))
		return
	}
	for _, c := range r.Applied {
		s.line("%s: %s → %s", clean(c.Setting), orEmpty(c.From), orEmpty(c.To))
	}
	for _, c := range r.Waiting {
		s.line("%s: %s → %s, which %s", clean(c.Setting), orEmpty(c.From), orEmpty(c.To), s.paint(yellow, clean(c.When)))
	}
}

func orEmpty(text string) string {
	if text == "" {
		return `""`
	}
	return clean(text)
}

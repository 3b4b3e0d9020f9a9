package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) get() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "get KEY [flags]",
		Short:       "Print the value of an endpoint",
		Annotations: map[string]string{help.Order: "3"},
		Example: `tocsin get web
tocsin get web -o json    # with its settings and labels`,
		Args: exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, endpoint, err := client.Fetch[api.Endpoint](c.Context(), nodes, client.KeyPath(endpointsPath, args[0]), nil)
		if err != nil {
			return fmt.Errorf("get %s: %w", screen.Clean(args[0]), err)
		}
		return a.print(output, raw, func(s *screen.Screen) { s.Line("%s", endpoint.Value) })
	}
	return c
}

package cli

import (
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
		return show(a, c, &addresses, output, client.Request{Path: client.KeyPath(endpointsPath, args[0])}, func(s *screen.Screen, e api.Endpoint) {
			s.Line("%s", e.Value)
		})
	}
	return c
}

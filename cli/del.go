package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/help"
)

func (a app) del() *cobra.Command {
	var addresses []string
	c := &cobra.Command{
		Use:         "del KEY [flags]",
		Short:       "Delete an endpoint",
		Annotations: map[string]string{help.Order: "4"},
		Long: `Watches KEY no more, on any node, and forgets what was seen of it. Its events
stay in the history. Notifications that have not started are dropped.`,
		Example: `tocsin del web`,
		Args:    exactly("KEY"),
	}
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.write(c, &addresses, client.Request{Method: http.MethodDelete, Path: client.KeyPath(endpointsPath, args[0])})
	}
	return c
}

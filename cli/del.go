package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
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
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		_, err = nodes.Ask(c.Context(), client.Request{Method: http.MethodDelete, Path: client.KeyPath(endpointsPath, args[0])})
		if err != nil && !client.AlreadyDone(err) {
			return fmt.Errorf("del %s: %w", screen.Clean(args[0]), err)
		}
		_, err = fmt.Fprintln(a.stdout, "ok")
		return err
	}
	return c
}

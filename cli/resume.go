package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/help"
)

func (a app) resume() *cobra.Command {
	var addresses []string
	c := &cobra.Command{
		Use:         "resume [flags]",
		Short:       "Take a pause back",
		Annotations: map[string]string{help.Order: "6d"},
		Long: `Takes the pause back that was made with the same --all, --prefix or --label.
What is agreed is decided at once.`,
		Example: `tocsin resume --prefix web/
tocsin resume --all`,
		Args: exactly(),
	}
	which := coveringFlags(c)
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if _, err := which.scope(c); err != nil {
			return err
		}
		query, err := which.query(c)
		if err != nil {
			return err
		}
		return a.write(c, &addresses, client.Request{Method: http.MethodDelete, Path: "/v1/pause", Query: query})
	}
	return c
}

package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
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
What is agreed is decided at once. Other pauses go on, also beside that of
--all: they are named.`,
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
		if err := a.write(c, &addresses, client.Request{Method: http.MethodDelete, Path: "/v1/pause", Query: query}); err != nil {
			return err
		}
		return a.sayOthers(c, &addresses)
	}
	return c
}

// sayOthers names the pauses that go on, for one of all endpoints is a pause beside
// those of some.
func (a app) sayOthers(c *cobra.Command, addresses *[]string) error {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return err
	}
	_, left, err := client.Fetch[api.Pauses](c.Context(), nodes, "/v1/pause", url.Values{"consistency": {"leader"}})
	if err != nil || len(left.Pauses) == 0 {
		return nil // it is done, whatever can be said of the others
	}
	var names []string
	for _, p := range left.Pauses {
		names = append(names, covers(p.Prefix, p.Labels))
	}
	a.say("%s: %s\n", goOn(len(names)), strings.Join(names, ", "))
	return nil
}

func goOn(n int) string {
	if n == 1 {
		return "1 other pause goes on"
	}
	return fmt.Sprintf("%d other pauses go on", n)
}

package cli

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
)

func (a app) notifications() *cobra.Command {
	return family(&cobra.Command{
		Use:         "notifications list|show|retry|ack",
		Short:       "Show how far each notification has come, and see to it",
		Annotations: map[string]string{help.Order: "6b"},
		Long: `A notification is the run of a script for one event on one node. What was given
up was not told to that node's machine, which goes on as before the event, so
that somebody has to see to it: mend what the script failed for and run it again
(retry), or do its work by hand and say so (ack).`,
		Example: `tocsin notifications list --state gave-up
tocsin notifications show 42
tocsin notifications retry 42 --node node3
tocsin notifications ack 42 --node node3 --why "switched by hand"`,
	}, a.notificationsList(), a.notificationsShow(), a.notificationsRetry(), a.notificationsAck())
}

func (a app) notificationsList() *cobra.Command {
	var addresses []string
	var output, state, key, node string
	limit := 100
	c := &cobra.Command{
		Use:         "list [flags]",
		Short:       "Show how far each notification has come",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Shows the notifications of each event on each node, the newest event first:
those that have ended, and those that a node still has before it. With --state
gave-up it shows those that nobody has seen to.`,
		Example: `tocsin notifications list --state gave-up
tocsin notifications list --state open --node node1
tocsin notifications list --key web -o json`,
		Args: exactly(),
	}
	c.Flags().StringVar(&state, "state", "all", "`which`: open, gave-up or all")
	c.Flags().StringVar(&key, "key", "", "only those of this `key`")
	c.Flags().StringVar(&node, "node", "", "only those of this `node`")
	c.Flags().Var(config.Number(&limit), "limit", "how many at most, up to 1000")
	help.Group(c, "Which", "state", "key", "node", "limit")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if limit < 1 || limit > 1000 {
			return misuse(c, "--limit %d is not between 1 and 1000", limit)
		}
		if !slices.Contains([]string{"open", "gave-up", "all"}, state) {
			return misuse(c, "--state %q is none of open, gave-up and all", state)
		}
		query := url.Values{"state": {state}, "limit": {strconv.Itoa(limit)}}
		for name, value := range map[string]string{"key": key, "node": node} {
			if value != "" {
				query.Set(name, value)
			}
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, all, err := client.Fetch[api.Notifications](c.Context(), nodes, "/v1/notifications", query)
		if err != nil {
			return fmt.Errorf("notifications list: %w", err)
		}
		a.saysSilent(all)
		if err := a.print(output, raw, func(s *screen.Screen) { drawListed(s, all.Notifications) }); err != nil {
			return err
		}
		a.saysOlder(all)
		return nil
	}
	return c
}

// saysSilent names the nodes whose open notifications are not known.
func (a app) saysSilent(all api.Notifications) {
	for _, name := range slices.Sorted(maps.Keys(all.Silent)) {
		a.say("tocsin: %s has not said what it has open: %s\n", screen.Clean(name), screen.Clean(all.Silent[name]))
	}
}

// saysOlder tells how to see those that are not shown.
func (a app) saysOlder(all api.Notifications) {
	switch {
	case all.More:
		a.say("There are older ones: raise --limit, or name a --key or a --node.\n")
	case len(all.Notifications) == 0:
		a.say("No such notifications.\n")
	}
}

// drawListed writes a line for each.
func drawListed(s *screen.Screen, all []api.Notification) {
	if len(all) == 0 {
		return
	}
	rows := make([][]string, len(all))
	for i, n := range all {
		progress := drawProgress(s, n)
		rows[i] = []string{strconv.FormatUint(n.Event, 10), screen.Cut(screen.Clean(n.Key), 20), s.Status(n.To), screen.Cut(screen.Clean(n.Node), 20), progress[0], progress[1], progress[3]}
	}
	s.Table([]string{"EVENT", "KEY", "TOLD", "NODE", "HOW FAR", "TRIES", "WHAT CAME OUT"}, rows)
}

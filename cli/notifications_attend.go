package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/prose"
)

func (a app) notificationsShow() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "show EVENT [flags]",
		Short:       "Show an event and how far its notification has come on each node",
		Annotations: map[string]string{help.Order: "2"},
		Long: `EVENT is the id of the event, as "tocsin events" and the log of every node show
it.`,
		Example: `tocsin notifications show 42
tocsin notifications show 42 -o json | jq -r '.notifications[].outcome.output'`,
		Args: exactly("EVENT"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		path, err := notificationPath(c, args[0])
		if err != nil {
			return err
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, one, err := client.Fetch[api.EventNotifications](c.Context(), nodes, path, nil)
		if err != nil {
			return fmt.Errorf("notifications show: %w", err)
		}
		a.saysSilent(api.Notifications{Silent: one.Silent})
		return a.print(output, raw, func(s *screen.Screen) { drawEventNotifications(s, one) })
	}
	return c
}

func drawEventNotifications(s *screen.Screen, one api.EventNotifications) {
	e := one.Event
	s.Line("Event %d: %s %v→%s at %s, decided by %s on %s.", e.ID, screen.Clean(e.Key), e.From, s.Status(e.To), screen.Moment(e.Time), screen.Clean(e.Leader), votes(e.Votes))
	drawNotified(s, e, one.Notifications)
}

func (a app) notificationsRetry() *cobra.Command {
	var addresses []string
	var output, node string
	c := &cobra.Command{
		Use:         "retry EVENT [flags]",
		Short:       "Run again what was given up",
		Annotations: map[string]string{help.Order: "3"},
		Long: `Has the script run again for EVENT on each node where it was given up, or on
one. A node that is away does it when it is back. It has as many attempts as the
first time; TOCSIN_ATTEMPT goes on counting. Only the newest event of an
endpoint is run again: nothing is ever told out of order.`,
		Example: `tocsin notifications retry 42
tocsin notifications retry 42 --node node3`,
		Args: exactly("EVENT"),
	}
	onNode(c, &node)
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.attend(c, &addresses, output, attention{
			event: args[0], node: node, verb: "retry", nothing: "It is being run again already: nothing was changed.",
			done: func(done api.Attended) string {
				return fmt.Sprintf("Event %d is run again on %s: \"tocsin notifications show %d\" tells how it goes.", done.Event, screen.Clean(prose.And(done.Nodes)), done.Event)
			},
		})
	}
	return c
}

func (a app) notificationsAck() *cobra.Command {
	var addresses []string
	var output, node, why string
	var by string
	c := &cobra.Command{
		Use:         "ack EVENT [flags]",
		Short:       "Say that you have seen to what was given up",
		Annotations: map[string]string{help.Order: "4"},
		Long: `Nothing is run. The notification is still shown as given up, with who has seen
to it and why, and calls for nobody's attention any more: not in
"tocsin status", not in "--state gave-up", not in the alerts.`,
		Example: `tocsin notifications ack 42 --why "switched by hand"
tocsin notifications ack 42 --node node3 --by ana`,
		Args: exactly("EVENT"),
	}
	onNode(c, &node)
	byFlag(c, &by)
	c.Flags().Lookup("by").Usage = "`who` has seen to it (default you)"
	c.Flags().StringVar(&why, "why", "", "what was done, or why nothing has to be, as a `text`")
	help.Group(c, "Which", "by", "why")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		if by == "" {
			return misuse(c, "--by is missing: say who has seen to it")
		}
		return a.attend(c, &addresses, output, attention{
			event: args[0], node: node, verb: "ack", body: api.AckRequest{By: by, Why: why}, nothing: "That was said before: nothing was changed.",
			done: func(done api.Attended) string {
				return fmt.Sprintf("Event %d on %s is seen to, by %s.", done.Event, screen.Clean(prose.And(done.Nodes)), by)
			},
		})
	}
	return c
}

func onNode(c *cobra.Command, node *string) {
	c.Flags().StringVar(node, "node", "", "only on this `node`, and not on all where it was given up")
	help.Group(c, "Which", "node")
}

// attention is what is asked about notifications that were given up.
type attention struct {
	event, node, verb string
	body              any
	nothing           string // said when nothing was changed
	done              func(api.Attended) string
}

func (a app) attend(c *cobra.Command, addresses *[]string, output string, wish attention) error {
	path, err := notificationPath(c, wish.event)
	if err != nil {
		return err
	}
	query := url.Values{}
	if wish.node != "" {
		query.Set("node", wish.node)
	}
	asked := client.Request{Method: http.MethodPost, Path: path + "/" + wish.verb, Query: query, Body: wish.body}
	return change(a, c, addresses, output, asked, func(done api.Attended) string {
		if !done.Changed {
			return wish.nothing
		}
		return wish.done(done)
	})
}

// notificationPath is where the notification of an event is.
func notificationPath(c *cobra.Command, event string) (string, error) {
	if id, err := strconv.ParseUint(event, 10, 64); err != nil || id == 0 {
		return "", misuse(c, "%q is not the id of an event, a number such as 42", event)
	}
	return "/v1/notifications/" + event, nil
}

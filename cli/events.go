package cli

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

func (a app) events() *cobra.Command {
	var addresses []string
	var output, key string
	var after uint64
	var follow bool
	limit := 100
	c := &cobra.Command{
		Use:         "events [flags]",
		Short:       "Show what has happened, newest last",
		Annotations: map[string]string{help.Order: "6"},
		Long: `Shows each change that the cluster has decided, with the votes it was decided
by, and what became of its notifications on the nodes. The first decision about
a new endpoint is its baseline, which is never notified.`,
		Example: `tocsin events
tocsin events --key web --limit 10
tocsin events --after 1234 -o json
tocsin events --follow --address node1:6000,node2:6000`,
		Args: exactly(),
	}
	c.Flags().StringVar(&key, "key", "", "only those of this `key`")
	c.Flags().Var(config.ID(&after), "after", "only those that came after the event with this `id`, oldest first")
	c.Flags().Var(config.Number(&limit), "limit", "how many at most, up to 1000")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "show what comes from now on, or after --after, until stopped; goes on at the next --address where a node is lost")
	help.Group(c, "Which", "key", "after", "limit", "follow")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if limit < 1 || limit > 1000 {
			return misuse(c, "--limit %d is not between 1 and 1000", limit)
		}
		query := url.Values{"limit": {strconv.Itoa(limit)}}
		if c.Flags().Changed("after") {
			query.Set("after", strconv.FormatUint(after, 10))
		}
		if c.Flags().Changed("key") {
			query.Set("key", key)
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		if follow {
			id := ""
			if c.Flags().Changed("after") {
				id = strconv.FormatUint(after, 10)
			}
			if err := (follower{a, key, output}).follow(c.Context(), nodes, id); err != nil {
				return fmt.Errorf("events: %w", err)
			}
			return nil
		}
		raw, events, err := client.Fetch[api.Events](c.Context(), nodes, "/v1/events", query)
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		if err := a.print(output, raw, func(s *screen.Screen) { drawEvents(s, events.Events) }); err != nil {
			return err
		}
		a.saysMore(events, query)
		return nil
	}
	return c
}

// drawEvents writes a line for each, and below what became of the notifications that
// are not simply done.
func drawEvents(s *screen.Screen, events []api.Event) {
	if len(events) == 0 {
		return
	}
	rows := make([][]string, len(events))
	var open []string
	for i, e := range events {
		done, rest := notifications(e)
		rows[i] = []string{
			screen.Moment(e.Time), strconv.FormatUint(e.ID, 10), screen.Cut(screen.Clean(e.Key), 40),
			e.From.String() + "→" + s.Status(e.To), decidedBy(e.Event), done,
		}
		if len(rest) > 0 {
			open = append(open, fmt.Sprintf("%d: %s", e.ID, strings.Join(rest, ", ")))
		}
	}
	s.Table([]string{"TIME", "ID", "KEY", "CHANGE", "VOTES", "NOTIFIED"}, rows, 2, 4)
	if len(open) > 0 {
		s.Line("\nNot simply notified:")
		for _, line := range open {
			s.Paragraph(line)
		}
	}
}

// saysMore says in words why there is nothing, or how to see what is not shown.
func (a app) saysMore(events api.Events, query url.Values) {
	n := len(events.Events)
	switch {
	case n == 0:
		a.say("No events. The first one of an endpoint comes when a quorum has checked it.\n")
	case !events.More:
	case query.Has("after"):
		a.say("There are more: go on with --after %d.\n", events.Events[n-1].ID)
	default:
		a.say("There are older ones: raise --limit, or start with --after 0.\n")
	}
}

// notifications says how many are done, "4/5 done", and how the others went:
// "node3 gave up: exit 3".
func notifications(e api.Event) (done string, others []string) {
	if e.Baseline {
		return "baseline", nil
	}
	// Whoever could vote also notifies.
	nodes := map[string]bool{}
	for _, v := range e.Votes {
		nodes[v.Node] = true
	}
	succeeded := 0
	var rest, missed []string
	for _, node := range slices.Sorted(maps.Keys(e.Outcomes)) {
		nodes[node] = true
		if n := e.Outcomes[node].Missed; n > 0 {
			missed = append(missed, fmt.Sprintf("%s missed %d before", screen.Clean(node), n))
		} else if n < 0 {
			missed = append(missed, screen.Clean(node)+" may have missed some before")
		}
		switch o := e.Outcomes[node]; o.Ending {
		case fsm.Done:
			succeeded++
		case fsm.GaveUp:
			rest = append(rest, screen.Clean(node)+gaveUp(o)+reason(o))
		default:
			rest = append(rest, screen.Clean(node)+" "+screen.Clean(string(o.Ending)))
		}
	}
	if waiting := len(nodes) - len(e.Outcomes); waiting > 0 {
		rest = append([]string{fmt.Sprintf("%d to come", waiting)}, rest...)
	}
	return fmt.Sprintf("%d/%d done", succeeded, len(nodes)), slices.Concat(rest, missed)
}

// gaveUp says that it was given up, and what has become of that.
func gaveUp(o fsm.Outcome) string {
	switch {
	case o.AwaitsRetry():
		return " gave up, and is asked to run it again: "
	case o.Ack != nil:
		return " gave up, and " + screen.Clean(o.Ack.By) + " has seen to it: "
	}
	return " gave up: "
}

func reason(o fsm.Outcome) string {
	if o.ExitCode > 0 {
		return fmt.Sprintf("exit %d", o.ExitCode)
	}
	if o.Problem != "" {
		return screen.Cut(screen.Clean(o.Problem), 60)
	}
	return "exit " + strconv.Itoa(o.ExitCode)
}

// decidedBy counts the votes of an event, or says who made it by hand.
func decidedBy(e fsm.Event) string {
	if e.Manual != nil {
		return screen.Cut("by hand: "+words(e.Manual.By, e.Manual.Reason), 60)
	}
	return votes(e.Votes)
}

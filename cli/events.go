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
	"tocsin/fsm"
)

func (a app) events() *cobra.Command {
	var addresses []string
	var output, key string
	var after uint64
	limit := 100
	c := &cobra.Command{
		Use:         "events [flags]",
		Short:       "Show what has happened, newest last",
		Annotations: map[string]string{order: "6"},
		Long: `Shows each change that the cluster has decided, with the votes it was decided
by, and what became of its notifications on the nodes. The first decision about
a new endpoint is its baseline, which is never notified.`,
		Example: `tocsin events
tocsin events --key web --limit 10
tocsin events --after 1234 -o json`,
		Args: exactly(),
	}
	c.Flags().StringVar(&key, "key", "", "only those of this `key`")
	c.Flags().Uint64Var(&after, "after", 0, "only those that came after the event with this `id`, oldest first")
	c.Flags().IntVar(&limit, "limit", limit, "how many at most, up to 1000")
	group(c, "Which", "key", "after", "limit")
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
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, events, err := fetch[api.Events](c.Context(), client, "/v1/events", query)
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		if output == "json" {
			return a.printJSON(raw)
		}
		if err := a.showEvents(events); err != nil {
			return err
		}
		a.saysMore(events, query)
		return nil
	}
	return c
}

func (a app) showEvents(events api.Events) error {
	s := newScreen(a.stdout)
	if len(events.Events) == 0 {
		a.say("No events. The first one of an endpoint comes when a quorum has checked it.\n")
		return nil
	}
	rows := make([][]string, len(events.Events))
	for i, e := range events.Events {
		rows[i] = []string{
			moment(e.Time), strconv.FormatUint(e.ID, 10), cut(clean(e.Key), 30),
			e.From.String() + "→" + s.status(e.To), votes(e.Votes), notifications(e),
		}
	}
	s.table([]string{"TIME", "ID", "KEY", s.paint(normal, "CHANGE"), "VOTES", "NOTIFICATIONS"}, rows)
	_, err := a.stdout.Write(s.Bytes())
	return err
}

// saysMore tells how to see the events that are not shown.
func (a app) saysMore(events api.Events, query url.Values) {
	n := len(events.Events)
	switch {
	case !events.More || n == 0:
	case query.Has("after"):
		a.say("There are more: go on with --after %d.\n", events.Events[n-1].ID)
	default:
		a.say("There are older ones: raise --limit, or start with --after 0.\n")
	}
}

// notifications says how they went: "4/5 done, node3 gave up: exit 3".
func notifications(e api.Event) string {
	if e.Baseline {
		return "baseline"
	}
	// Whoever could vote also notifies.
	nodes := map[string]bool{}
	for _, v := range e.Votes {
		nodes[v.Node] = true
	}
	done := 0
	var rest, missed []string
	for _, node := range slices.Sorted(maps.Keys(e.Outcomes)) {
		nodes[node] = true
		if n := e.Outcomes[node].Missed; n > 0 {
			missed = append(missed, fmt.Sprintf("%s missed %d before", clean(node), n))
		} else if n < 0 {
			missed = append(missed, clean(node)+" may have missed some before")
		}
		switch o := e.Outcomes[node]; o.Ending {
		case fsm.Done:
			done++
		case fsm.GaveUp:
			rest = append(rest, clean(node)+" gave up: "+reason(o))
		default:
			rest = append(rest, clean(node)+" "+clean(string(o.Ending)))
		}
	}
	text := fmt.Sprintf("%d/%d done", done, len(nodes))
	if waiting := len(nodes) - len(e.Outcomes); waiting > 0 {
		rest = append([]string{fmt.Sprintf("%d to come", waiting)}, rest...)
	}
	return strings.Join(slices.Concat([]string{text}, rest, missed), ", ")
}

func reason(o fsm.Outcome) string {
	if o.ExitCode > 0 {
		return fmt.Sprintf("exit %d", o.ExitCode)
	}
	if o.Problem != "" {
		return cut(clean(o.Problem), 60)
	}
	return "exit " + strconv.Itoa(o.ExitCode)
}

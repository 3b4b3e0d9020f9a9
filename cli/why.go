package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

func (a app) why() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "why KEY [flags]",
		Short:       "Tell why an endpoint is in its state",
		Annotations: map[string]string{order: "5b"},
		Long: `Tells what every node saw last and says, what decided the present state, what
another one would take, what holds it back, and how far each notification has
come. All nodes are asked; one that does not answer is shown as such.`,
		Example: `tocsin why web
tocsin why web -o json | jq '.nodes[] | select(.silent) | .node'`,
		Args: exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, why, err := fetch[api.Why](c.Context(), client, keyPath("/v1/why/", args[0]), nil)
		if err != nil {
			return fmt.Errorf("why: %w", err)
		}
		return a.print(output, raw, func(s *screen) { s.why(why) })
	}
	return c
}

// why writes sentences for somebody who was just woken, then what they are
// made from.
func (s *screen) why(w api.Why) {
	e := w.Endpoint
	if e.Since.IsZero() {
		s.line("%s is %s: nothing is decided yet.", clean(e.Key), s.status(e.State))
	} else {
		s.line("%s is %s since %s (%s).", clean(e.Key), s.status(e.State), moment(e.Since), ago(w.Time.Sub(e.Since)))
	}
	s.sentence(w.Said)
	s.sentence(w.Needs)
	for _, o := range w.HeldBackBy {
		s.sentence("Held back: " + o.Text + ".")
	}
	if d := w.Decided; d != nil && d.Manual != nil {
		s.sentence(fmt.Sprintf("Event %d made it %v by hand (%s).", d.ID, d.To, words(d.Manual.By, d.Manual.Reason)))
	} else if d != nil {
		s.sentence(fmt.Sprintf("Event %d made it %v: %s decided on %d DOWN, %d UP and %d for neither.",
			d.ID, d.To, d.Leader, d.Tally.Down, d.Tally.Up, d.Tally.Unknown))
	}
	s.line("")
	s.nodes(w.Nodes, e.Sites > 1, e.Revision)
	if w.Decided != nil {
		s.notified(*w.Decided, w.Notifications)
	}
}

// nodes writes what each node says and saw.
func (s *screen) nodes(nodes []api.NodeAccount, sites bool, revision uint64) {
	heading := []string{"NODE", "SAYS", "SEEN", "TOOK", "CHECKS", "WHAT IT SAW"}
	if sites {
		heading = append([]string{"NODE", "SITE"}, heading[1:]...)
	}
	rows := make([][]string, len(nodes))
	for i, n := range nodes {
		row := []string{cut(clean(n.Node), 20)}
		if sites {
			row = append(row, cut(dash(n.Site), 12))
		}
		rows[i] = append(row, append([]string{s.verdict(n.Vote)}, seen(n, revision)...)...)
	}
	s.table(heading, rows)
	s.line("CHECKS are the last ones, the newest on the right: U is UP, D DOWN, ? neither.")
}

// seen is what a node saw last: how long ago, how long it took, the trail of its
// checks, and what came out.
func seen(n api.NodeAccount, revision uint64) []string {
	what := ""
	if n.Vote.Excluded != "" {
		what = "Does not count: " + clean(n.Vote.Excluded) + ". "
	}
	if n.Silent != "" {
		return []string{"-", "-", "-", what + "No answer: " + clean(n.Silent)}
	}
	if len(n.Samples) == 0 {
		return []string{"-", "-", "-", what + "No check yet"}
	}
	last := n.Samples[len(n.Samples)-1]
	if last.Revision < revision {
		what += "(Of the value before.) "
	}
	return []string{ago(time.Duration(last.Ago)), ago(time.Duration(last.Duration)), trail(n.Samples), what + clean(last.Reason)}
}

// trail writes one letter for each check.
func trail(samples []api.SeenSample) string {
	var b strings.Builder
	for _, sample := range samples {
		switch sample.Status {
		case health.Up:
			b.WriteByte('U')
		case health.Down:
			b.WriteByte('D')
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// notified writes how far those of an event have come.
func (s *screen) notified(e api.Event, all []api.Notification) {
	if e.Baseline {
		s.line("\nNobody is notified of the first decision about an endpoint.")
		return
	}
	done := 0
	rows := make([][]string, len(all))
	for i, n := range all {
		if n.Stage == api.StageDone {
			done++
		}
		rows[i] = append([]string{cut(clean(n.Node), 20)}, s.progress(n)...)
	}
	s.line("\nNotifications of event %d: %d of %d are done.", e.ID, done, len(rows))
	s.table([]string{"NODE", "HOW FAR", "TRIES", "ROLE", "WHAT CAME OUT"}, rows)
}

// progress says how far one has come: its stage, the attempts, the role, and
// what went wrong.
func (s *screen) progress(n api.Notification) []string {
	if o := n.Open; o != nil {
		tries, far := fmt.Sprint(o.Attempt), string(n.Stage)+" "+ago(time.Duration(o.For))
		if o.Limit > 0 {
			tries = fmt.Sprintf("%d/%d", o.Attempt, o.Limit)
		}
		text := clean(o.Problem)
		if o.Next > 0 {
			text = strings.TrimPrefix(text+"; next try in "+ago(time.Duration(o.Next)), "; ")
		}
		return []string{s.paint(yellow, far), tries, dash(string(o.Role)), text}
	}
	if o := n.Outcome; o != nil {
		far := strings.ReplaceAll(string(n.Stage), "-", " ")
		switch {
		case o.Ending == fsm.Done:
			far = s.paint(green, far)
		case o.AwaitsRetry(), o.Ack != nil:
			far = s.paint(yellow, far)
		case o.Ending == fsm.GaveUp:
			far = s.paint(red, far)
		}
		return []string{far, fmt.Sprint(o.Attempt), string(o.Role), cameOut(*o)}
	}
	text := "neither begun nor reported yet"
	if n.Silent != "" {
		text = "No answer: " + clean(n.Silent)
	}
	return []string{s.paint(yellow, string(n.Stage)), "-", "-", text}
}

// cameOut says what went wrong and what the script printed last, or how long
// it took.
func cameOut(o fsm.Outcome) string {
	var parts []string
	if o.Ack != nil {
		parts = append(parts, strings.TrimSuffix(fmt.Sprintf("%s has seen to it: %s", clean(o.Ack.By), clean(o.Ack.Why)), ": "))
	}
	for _, text := range []string{o.Problem, strings.ReplaceAll(o.Output, "\n", " ")} {
		if text = strings.TrimSpace(clean(text)); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return "took " + ago(time.Duration(o.Duration))
	}
	return strings.Join(parts, "; ")
}

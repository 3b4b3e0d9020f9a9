package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/fsm"
	"tocsin/health"
)

func (a app) why() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "why KEY [flags]",
		Short:       "Tell why an endpoint is in its state",
		Annotations: map[string]string{help.Order: "5b"},
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
		return show(a, c, &addresses, output, client.Request{Path: client.KeyPath("/v1/why/", args[0])}, drawWhy)
	}
	return c
}

// drawWhy writes sentences for somebody who was just woken, then what they are
// made from.
func drawWhy(s *screen.Screen, w api.Why) {
	e := w.Endpoint
	if e.Since.IsZero() {
		s.Line("%s is %s: nothing is decided yet.", screen.Clean(e.Key), s.Status(e.State))
	} else {
		s.Line("%s is %s since %s (%s).", screen.Clean(e.Key), s.Status(e.State), screen.Moment(e.Since), screen.Ago(w.Time.Sub(e.Since)))
	}
	s.Sentence(w.Said)
	s.Sentence(w.Needs)
	if e.Blind != "" {
		s.Sentence("Nobody can judge it: " + screen.Clean(e.Blind) + ".")
	}
	for _, o := range w.HeldBackBy {
		s.Sentence("Held back: " + o.Text + ".")
	}
	if d := w.Decided; d != nil && d.Manual != nil {
		s.Sentence(fmt.Sprintf("Event %d made it %v by hand (%s).", d.ID, d.To, words(d.Manual.By, d.Manual.Reason)))
	} else if d != nil {
		s.Sentence(fmt.Sprintf("Event %d made it %v: %s decided on %d DOWN, %d UP and %d for neither.",
			d.ID, d.To, d.Leader, d.Tally.Down, d.Tally.Up, d.Tally.Unknown))
	}
	s.Line("")
	drawNodes(s, w.Nodes, e.Sites > 1, e.Revision)
	if w.Decided != nil {
		drawNotified(s, *w.Decided, w.Notifications)
	}
}

// drawNodes writes what each node says and saw.
func drawNodes(s *screen.Screen, nodes []api.NodeAccount, sites bool, revision uint64) {
	heading := []string{"NODE", "SAYS", "SEEN", "TOOK", "CHECKS", "WHAT IT SAW"}
	if sites {
		heading = append([]string{"NODE", "SITE"}, heading[1:]...)
	}
	rows := make([][]string, len(nodes))
	for i, n := range nodes {
		row := []string{screen.Cut(screen.Clean(n.Node), 20)}
		if sites {
			row = append(row, screen.Cut(screen.Dash(n.Site), 12))
		}
		rows[i] = append(row, append([]string{drawVerdict(s, n.Vote)}, seen(n, revision)...)...)
	}
	s.Table(heading, rows)
	s.Sentence("CHECKS are the last ones, the newest on the right: U is UP, D DOWN, ? neither.")
}

// seen is what a node saw last: how long ago, how long it took, the trail of its
// checks, and what came out.
func seen(n api.NodeAccount, revision uint64) []string {
	what := ""
	if n.Vote.Excluded != "" {
		what = "Does not count: " + screen.Clean(n.Vote.Excluded) + ". "
	}
	if n.Silent != "" {
		return []string{"-", "-", "-", what + "No answer: " + screen.Clean(n.Silent)}
	}
	if len(n.Samples) == 0 {
		return []string{"-", "-", "-", what + "No check yet"}
	}
	last := n.Samples[len(n.Samples)-1]
	if last.Revision < revision {
		what += "(Of the value before.) "
	}
	return []string{screen.Ago(time.Duration(last.Ago)), screen.Ago(time.Duration(last.Duration)), trail(n.Samples), what + screen.Clean(last.Reason)}
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

// drawNotified writes how far those of an event have come.
func drawNotified(s *screen.Screen, e api.Event, all []api.Notification) {
	if e.Baseline {
		s.Line("\nNobody is notified of the first decision about an endpoint.")
		return
	}
	done := 0
	rows := make([][]string, len(all))
	for i, n := range all {
		if n.Stage == api.StageDone {
			done++
		}
		rows[i] = append([]string{screen.Cut(screen.Clean(n.Node), 20)}, drawProgress(s, n)...)
	}
	s.Line("\nNotifications of event %d: %d of %d are done.", e.ID, done, len(rows))
	s.Table([]string{"NODE", "HOW FAR", "TRIES", "ROLE", "WHAT CAME OUT"}, rows)
}

// drawProgress says how far one has come: its stage, the attempts, the role, and
// what went wrong.
func drawProgress(s *screen.Screen, n api.Notification) []string {
	if o := n.Open; o != nil {
		tries, far := fmt.Sprint(o.Attempt), string(n.Stage)+" "+screen.Ago(time.Duration(o.For))
		if o.Limit > 0 {
			tries = fmt.Sprintf("%d/%d", o.Attempt, o.Limit)
		}
		text := screen.Clean(o.Problem)
		if o.Next > 0 {
			text = strings.TrimPrefix(text+"; next try in "+screen.Ago(time.Duration(o.Next)), "; ")
		}
		return []string{s.Paint(screen.Yellow, far), tries, screen.Dash(string(o.Role)), text}
	}
	if o := n.Outcome; o != nil {
		far := strings.ReplaceAll(string(n.Stage), "-", " ")
		switch {
		case o.Ending == fsm.Done:
			far = s.Paint(screen.Green, far)
		case o.AwaitsRetry(), o.Ack != nil:
			far = s.Paint(screen.Yellow, far)
		case o.Ending == fsm.GaveUp:
			far = s.Paint(screen.Red, far)
		}
		return []string{far, fmt.Sprint(o.Attempt), string(o.Role), cameOut(*o)}
	}
	text := "neither begun nor reported yet"
	if n.Silent != "" {
		text = "No answer: " + screen.Clean(n.Silent)
	}
	return []string{s.Paint(screen.Yellow, string(n.Stage)), "-", "-", text}
}

// cameOut says what went wrong and what the script printed last, or how long
// it took.
func cameOut(o fsm.Outcome) string {
	var parts []string
	if o.Ack != nil {
		parts = append(parts, strings.TrimSuffix(fmt.Sprintf("%s has seen to it: %s", screen.Clean(o.Ack.By), screen.Clean(o.Ack.Why)), ": "))
	}
	for _, text := range []string{o.Problem, strings.ReplaceAll(o.Output, "\n", " ")} {
		if text = strings.TrimSpace(screen.Clean(text)); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return "took " + screen.Ago(time.Duration(o.Duration))
	}
	return strings.Join(parts, "; ")
}

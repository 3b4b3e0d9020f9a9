package cli

import (
	"fmt"
	"maps"
	"slices"
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

func (a app) status() *cobra.Command {
	var addresses []string
	var output string
	var watch, exitCode bool
	c := &cobra.Command{
		Use:         "status [KEY] [flags]",
		Short:       "Show what the cluster holds, and why",
		Annotations: map[string]string{help.Order: "5"},
		Long: `Shows the cluster and a line for each endpoint, or everything about one: what
each node says, how long ago, and why, and what is missing for a change.

With --exit-code it is a plugin for Nagios and its kin: 0 all is UP; 1 something
is UNKNOWN, too few nodes can judge it, or the cluster is endangered; 2 one is
DOWN, the cluster can't decide, or a notification was given up and nobody has
seen to it; 3 it can't be told.`,
		Example: `tocsin status
tocsin status web --watch
tocsin status --label team=storage --exit-code
tocsin status -o json | jq '.endpoints[] | select(.state != "UP") | .key'`,
		Args: atMostOne,
	}
	which := selectionFlags(c, true)
	c.Flags().BoolVar(&watch, "watch", false, "show it anew whenever it changes, until you stop it")
	c.Flags().BoolVar(&exitCode, exitCodeFlag, false, "say first how all stands, in a line for Nagios, and exit with its code")
	help.Group(c, "Showing", "watch", exitCodeFlag)
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		if watch && exitCode {
			return misuse(c, "--watch does not end and --exit-code does: give one of both")
		}
		query, err := which.query(c)
		if err != nil {
			return err
		}
		if len(query) > 0 && len(args) > 0 {
			return misuse(c, "--prefix, --label and --state choose endpoints, and KEY is one: give one of both")
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		l := &statusLook{app: a, nodes: nodes, path: "/v1/status", query: query, one: len(args) == 1, output: output}
		if l.one {
			l.path = client.KeyPath("/v1/status/", args[0])
		}
		switch {
		case watch:
			return l.watch(c)
		case exitCode:
			return l.judged(c)
		}
		return l.once(c)
	}
	return c
}

// belongs says why there is nothing to tell of a node without a cluster.
func belongs(c api.Cluster) error {
	if c.ID != "" {
		return nil
	}
	return fmt.Errorf("node %s belongs to no cluster yet: it waits for one that is started with --bootstrap, or for its --join addresses to answer", screen.Clean(c.Node))
}

// drawWhole writes the cluster, and below it the endpoints, or the one.
func drawWhole(s *screen.Screen, status api.Status, one bool) {
	if one && len(status.Endpoints) == 1 {
		status.Cluster.HeldBackBy = about(status.Cluster.HeldBackBy, status.Endpoints[0])
	}
	drawCluster(s, status.Cluster)
	s.Line("")
	switch {
	case one && len(status.Endpoints) == 1:
		drawEndpoint(s, status.Cluster, status.Endpoints[0])
	case len(status.Endpoints) == 0 && status.Cluster.Endpoints > 0:
		s.Line("None of the %d endpoints is like that.", status.Cluster.Endpoints)
	case len(status.Endpoints) == 0:
		s.Line("No endpoint is watched yet. Add the first one:")
		s.Line("  tocsin set web http://10.0.0.1/health --check http")
	default:
		drawEndpoints(s, status)
	}
}

// about returns those of the obstacles of a cluster that are in the way of one
// endpoint: a pause or a window of others is none of its own.
func about(all []api.Obstacle, e api.EndpointStatus) (some []api.Obstacle) {
	for _, o := range all {
		scoped := o.Kind == api.HeldByPause || o.Kind == api.HeldByMaintenance
		if !scoped || slices.ContainsFunc(e.HeldBackBy, func(own api.Obstacle) bool { return own.Kind == o.Kind && own.Of == o.Of }) {
			some = append(some, o)
		}
	}
	return some
}

// drawCluster writes who leads, who is heard, and what a decision takes.
func drawCluster(s *screen.Screen, c api.Cluster) {
	n, heard := len(c.Observers), 0
	var silent []string
	silentNodes := map[string]bool{}
	for _, o := range c.Observers {
		silentNodes[o.Node] = !o.Fresh
		switch {
		case o.Fresh:
			heard++
		case o.HeardAgo == nil:
			silent = append(silent, o.Node+" (never)")
		default:
			silent = append(silent, fmt.Sprintf("%s (%s ago)", o.Node, screen.Ago(time.Duration(*o.HeardAgo))))
		}
	}
	leader := s.Paint(screen.Red, "none")
	if c.Leader != "" {
		leader = c.Leader
	}
	quorum := fmt.Sprintf("%d of %d", c.Quorum, n)
	if c.Sites > 1 {
		quorum += fmt.Sprintf(" from %d sites", c.Sites)
	}
	s.Line("leader %s, %d of %d nodes heard by %s, quorum %s", leader, heard, n, c.Node, quorum)
	if len(silent) > 0 {
		s.Headed("not heard:", strings.Join(silent, ", "))
	}
	for _, o := range c.Observers {
		if o.Abstains != "" {
			s.Headed(screen.Clean(o.Node)+" abstains:", screen.Clean(o.Abstains))
		}
	}
	for _, o := range c.HeldBackBy {
		s.Headed("held back:", screen.Clean(o.Text))
	}
	if behind, newest := behind(c.Observers); len(behind) > 0 {
		s.Headed("older version:", fmt.Sprintf("%s: what came with protocol %d waits until they are upgraded too, or taken out", strings.Join(behind, ", "), newest))
	}
	if n := c.GivenUp; n > 0 {
		s.Headed("given up:", unattended(n)+": tocsin notifications list --state gave-up")
	}
	for _, w := range c.Warnings {
		if w.Code != api.WarnSilent || !silentNodes[w.Node] { // those are named above
			s.Headed("warning:", screen.Clean(w.Text))
		}
	}
	if c.Leader == "" {
		s.Sentence("Without a leader nothing is decided: fewer than a majority of the nodes can talk to each other.")
	}
}

// unattended says how many notifications nobody has seen to.
func unattended(n int) string {
	if n == 1 {
		return "one notification, and nobody has seen to it"
	}
	return fmt.Sprintf("%d notifications, and nobody has seen to them", n)
}

// behind names the nodes that read less of the log than others do, which read
// it up to newest.
func behind(observers []api.Observer) (names []string, newest fsm.Protocol) {
	for _, o := range observers {
		newest = max(newest, o.Protocol)
	}
	for _, o := range observers {
		switch {
		case o.Protocol == newest:
		case o.Version == "":
			names = append(names, screen.Clean(o.Node))
		default:
			names = append(names, fmt.Sprintf("%s (%s)", screen.Clean(o.Node), screen.Clean(o.Version)))
		}
	}
	return names, newest
}

// drawEndpoints writes a line for each, and below what is not settled.
func drawEndpoints(s *screen.Screen, status api.Status) {
	rows := make([][]string, len(status.Endpoints))
	var open []string
	for i, e := range status.Endpoints {
		rows[i] = []string{screen.Cut(screen.Clean(e.Key), 40), s.Status(e.State), since(status.Cluster, e), votes(e.Votes)}
		if note := note(e); note != "" {
			open = append(open, fmt.Sprintf("%s: %s", screen.Cut(screen.Clean(e.Key), 40), note))
		}
	}
	s.Table([]string{"KEY", "STATE", "SINCE", "VOTES"}, rows, 0, 3)
	if len(open) > 0 {
		s.Line("\nNot settled:")
		for _, line := range open[:min(len(open), notesShown)] {
			s.Paragraph(line)
		}
		if more := len(open) - notesShown; more > 0 {
			s.Line("  and %d more: \"tocsin status KEY\" tells about each", more)
		}
	}
}

// notesShown bounds what is explained below the table.
const notesShown = 10

func since(c api.Cluster, e api.EndpointStatus) string {
	if e.Since.IsZero() {
		return "-"
	}
	return screen.Ago(c.Time.Sub(e.Since)) + " ago"
}

// note says what stands between the endpoint and a change, empty if nothing
// does.
func note(e api.EndpointStatus) string {
	switch {
	case e.Blind != "":
		return "nobody can judge it: " + screen.Clean(e.Blind)
	case e.Missing != "":
		return screen.Clean(e.Missing)
	case e.Agreed != nil && len(e.HeldBackBy) == 0:
		return fmt.Sprintf("%v is agreed, the leader is about to commit it", *e.Agreed)
	case e.Agreed != nil:
		return fmt.Sprintf("%v is agreed; %s", *e.Agreed, screen.Clean(e.HeldBackBy[0].Text))
	}
	return ""
}

// votes counts them in words: "3 up 1 down 1 stale".
func votes(all []fsm.Vote) string {
	count := map[string]int{}
	for _, v := range all {
		count[kindOf(v)]++
	}
	var words []string
	for _, kind := range []string{"up", "down", "unknown", kindStale, kindMissing, kindOther} {
		if count[kind] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[kind], kind))
		}
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, " ")
}

// The kinds of vote beside the verdicts.
const (
	kindStale   = "stale"
	kindMissing = "missing"
	kindOther   = "not counted"
)

// kindOf says in a word what a vote is. The rarer reasons for not counting are
// told by the status of the endpoint.
func kindOf(v fsm.Vote) string {
	switch v.Excluded {
	case "":
		return strings.ToLower(v.Verdict.String())
	case api.ExcludedStale:
		return kindStale
	case api.ExcludedNoBallot:
		return kindMissing
	}
	return kindOther
}

// drawEndpoint writes all about one.
func drawEndpoint(s *screen.Screen, c api.Cluster, e api.EndpointStatus) {
	state := ": nothing is decided yet"
	if !e.Since.IsZero() {
		state = fmt.Sprintf(" since %s (%s ago), event %d", screen.Moment(e.Since), screen.Ago(c.Time.Sub(e.Since)), e.LastEvent)
	}
	s.Line("%s is %s%s", screen.Clean(e.Key), s.Status(e.State), state)
	s.Line("value   %s", screen.Cut(screen.Clean(e.Value), 200))
	head := "labels"
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		s.Line("%-7s %s=%s", head, screen.Clean(name), screen.Clean(e.Labels[name]))
		head = ""
	}
	if len(e.Parents) > 0 {
		s.Line("parents %s", screen.Clean(strings.Join(e.Parents, ", ")))
	}
	need := fmt.Sprintf("%d of %d votes", e.Quorum, len(e.Votes))
	if e.Sites > 1 {
		need += fmt.Sprintf(" from %d sites", e.Sites)
	}
	s.Line("change  takes %s", need)
	if e.Agreed == nil { // or else that is in the note
		for _, o := range e.HeldBackBy {
			s.Labelled("held", screen.Clean(o.Text))
		}
	}
	s.Labelled("now", note(e))
	s.Line("")
	rows := make([][]string, len(e.Votes))
	for i, v := range e.Votes {
		rows[i] = []string{v.Node, screen.Dash(v.Site), drawVerdict(s, v), age(v), why(v)}
	}
	s.Table([]string{"NODE", "SITE", "VERDICT", "AGE", "WHY"}, rows)
}

func drawVerdict(s *screen.Screen, v fsm.Vote) string {
	if v.Excluded != "" {
		return s.Paint(screen.Yellow, "("+strings.ToLower(v.Verdict.String())+")")
	}
	return s.Status(v.Verdict)
}

func age(v fsm.Vote) string {
	if v.Age == 0 {
		return "-"
	}
	return screen.Ago(time.Duration(v.Age))
}

func why(v fsm.Vote) string {
	reason := screen.Cut(screen.Clean(v.Reason), 100)
	switch {
	case v.Excluded == "":
		return reason
	case reason == "" || v.Verdict == health.Up:
		return "does not count: " + screen.Clean(v.Excluded)
	}
	return "does not count: " + screen.Clean(v.Excluded) + "; " + reason
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/screen"
	"tocsin/prose"
)

// statusLook is what tocsin status was asked to look at.
type statusLook struct {
	app
	nodes  *client.Client
	path   string
	query  url.Values
	one    bool
	output string
}

func (l *statusLook) fetch(ctx context.Context) (raw []byte, status api.Status, err error) {
	if raw, err = client.FetchAll(ctx, l.nodes, l.path, l.query); err != nil {
		return nil, status, err
	}
	if err := json.Unmarshal(raw, &status); err != nil {
		return nil, status, fmt.Errorf("the answer can't be read: %w: is it a node of Tocsin, and of this version?", err)
	}
	if err := belongs(status.Cluster); err != nil && l.output == screen.AsTable {
		return nil, status, err
	}
	return raw, status, nil
}

// once shows it.
func (l *statusLook) once(c *cobra.Command) error {
	raw, status, err := l.fetch(c.Context())
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	return l.print(l.output, raw, func(s *screen.Screen) { drawWhole(s, status, l.one) })
}

// judged shows it below the line that Nagios reads, and ends with its code.
func (l *statusLook) judged(c *cobra.Command) error {
	raw, status, err := l.fetch(c.Context())
	if err == nil {
		err = belongs(status.Cluster)
	}
	var v verdict
	if err != nil {
		v.add(exitUnknown, "%v", err)
		if err := l.tell(v.line("")); err != nil {
			return err
		}
		return exitWith(v.code)
	}
	v, data := judge(status, l.one)
	err = l.print(l.output, raw, func(s *screen.Screen) {
		s.Line("%s", v.line(data))
		drawWhole(s, status, l.one)
	})
	if err != nil {
		return err
	}
	return exitWith(v.code)
}

// watch shows it until somebody stops the command.
func (l *statusLook) watch(c *cobra.Command) error {
	ctx, stop := l.whileRead(c.Context())
	defer stop()
	w := &screen.Watcher{
		Out: l.stdout, Size: screen.Terminal(l.stdout), Head: l.head,
		Complain: func(err error) { l.say("tocsin: status: %s\n", prose.OneLine(err.Error())) },
	}
	if w.Size != nil {
		l.nodes.Hush() // words would stand in the middle of the page
	}
	w.Look = func(ctx context.Context) ([]byte, string, error) {
		raw, status, err := l.fetch(ctx)
		if err != nil {
			return nil, "", err
		}
		text, err := screen.Render(l.output, raw, l.stdout, func(s *screen.Screen) { drawWhole(s, status, l.one) })
		if err != nil {
			return nil, "", err
		}
		same, err := sameness(status)
		return text, same, err
	}
	if err := w.Run(ctx); err != nil {
		return fmt.Errorf("status: %w", err)
	}
	return nil
}

// head tells one status from the next where they stand below each other.
func (l *statusLook) head(t time.Time) string {
	switch l.output {
	case screen.AsJSON:
		return ""
	case screen.AsYAML:
		return "---\n"
	}
	return "==== " + screen.Moment(t) + "\n"
}

// sameness is the same text for two statuses that differ in ages only.
func sameness(status api.Status) (string, error) {
	status.Cluster.Time, status.Cluster.Index = time.Time{}, 0
	status.Cluster.Observers = slices.Clone(status.Cluster.Observers)
	for i := range status.Cluster.Observers {
		status.Cluster.Observers[i].HeardAgo = nil
	}
	status.Cluster.HeldBackBy = lasting(status.Cluster.HeldBackBy)
	status.Endpoints = slices.Clone(status.Endpoints)
	for i := range status.Endpoints {
		e := &status.Endpoints[i]
		e.HeldBackBy = lasting(e.HeldBackBy)
		e.Votes = slices.Clone(e.Votes)
		for v := range e.Votes {
			e.Votes[v].Age = 0
		}
	}
	text, err := json.Marshal(status)
	return string(text), err
}

// lasting leaves out of them how long they still last, in words too.
func lasting(all []api.Obstacle) []api.Obstacle {
	all = slices.Clone(all)
	for i := range all {
		all[i].For, all[i].Text = 0, ""
	}
	return all
}

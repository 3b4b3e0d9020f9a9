package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/health"
)

// follower shows events as they come.
type follower struct {
	app
	key    string // only this endpoint's, "" for all
	output string
}

// follow shows what happens after the id, "" for what comes next, until the
// program is stopped.
func (f follower) follow(ctx context.Context, nodes *client.Client, id string) error {
	ctx, stop := f.whileRead(ctx)
	defer stop()
	return nodes.Follow(ctx, client.Stream{Path: "/v1/stream", LastID: id}, f.show)
}

// show writes one message, if it is about an event that is to be shown.
func (f follower) show(m client.Message) error {
	switch m.Kind {
	case "state":
	case "resync":
		var r api.FeedResync
		_ = json.Unmarshal([]byte(m.Data), &r) // it is only words
		if !r.Events {
			return nil // what is missing is not shown here
		}
		f.say("tocsin: some events may be missing here (%s): see \"tocsin events\"\n", screen.Clean(r.Reason))
		return nil
	default:
		return nil
	}
	var e api.Event
	if err := json.Unmarshal([]byte(m.Data), &e); err != nil {
		return fmt.Errorf("an event can't be read: %w: is it a node of Tocsin, and of this version?", err)
	}
	if f.key != "" && e.Key != f.key {
		return nil
	}
	line, err := f.line(m.Data, e)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f.stdout, line); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

// line is the event in the form that was asked for: each of JSON on a line, each of
// YAML a document.
func (f follower) line(data string, e api.Event) (string, error) {
	switch f.output {
	case screen.AsJSON:
		return data + "\n", nil
	case screen.AsYAML:
		text, err := config.YAML([]byte(data))
		return "---\n" + string(text), err
	}
	return eventLine(screen.New(f.stdout), e), nil
}

// eventLine is one event on a line, aligned as far as one can who does not know
// what comes.
func eventLine(s *screen.Screen, e api.Event) string {
	change := e.From.String() + "→" + s.Status(e.To)
	pad := max(len("UNKNOWNDOWN")-len(e.From.String())-len(e.To.String()), 0)
	text := decidedBy(e.Event)
	if e.Baseline {
		text += ", baseline"
	}
	if e.To == health.Down {
		if why := firstReason(e); why != "" {
			text += ": " + why
		}
	}
	return fmt.Sprintf("%s  %-6d  %s  %s%s  %s\n", screen.Moment(e.Time), e.ID, screen.Pad(screen.Cut(screen.Clean(e.Key), 30), 20), change, strings.Repeat(" ", pad), text)
}

// firstReason is what one of those said who brought the event about.
func firstReason(e api.Event) string {
	for _, v := range e.Votes {
		if v.Excluded == "" && v.Verdict == e.To && v.Reason != "" {
			return screen.Cut(screen.Clean(v.Reason), 80)
		}
	}
	return ""
}

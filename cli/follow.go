package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"tocsin/api"
	"tocsin/health"
	"tocsin/prose"
)

// follower shows events as they come. It goes on at the next address where a
// stream ends, with what it has seen last.
type follower struct {
	*client
	key    string // only this endpoint's, "" for all
	json   bool
	lastID string
}

// followEvents shows what happens after the id, "" for what comes next, until
// the program is stopped.
func (f *follower) followEvents(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	streaming := f.streamClient()
	for turn := 0; ; turn++ {
		address := f.addresses[turn%len(f.addresses)]
		err := f.followOne(ctx, streaming, address)
		if ctx.Err() != nil {
			return nil // as asked
		}
		if no, ok := errors.AsType[refused](err); ok && no.status != http.StatusServiceUnavailable {
			return no
		}
		if errors.Is(err, errOutput) {
			return err
		}
		f.say("tocsin: %s: %s, going on at %s\n", address, prose.OneLine(reasonOf(err)), f.addresses[(turn+1)%len(f.addresses)])
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// followOne shows what one node tells, until its stream ends.
func (f *follower) followOne(ctx context.Context, streaming *http.Client, address string) error {
	return f.listen(ctx, streaming, address, "/v1/stream", f.lastID, func(kind, id, data string) error {
		if err := f.show(kind, data); err != nil {
			return err
		}
		if id != "" {
			f.lastID = id
		}
		return nil
	})
}

// show writes one message, if it is about an event that is to be shown.
func (f *follower) show(kind, data string) error {
	switch kind {
	case "state":
	case "resync":
		var r api.FeedResync
		_ = json.Unmarshal([]byte(data), &r) // the reason is only words
		f.say("tocsin: some events may be missing here (%s): see \"tocsin events\"\n", clean(r.Reason))
		return nil
	default:
		return nil
	}
	var e api.Event
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return fmt.Errorf("an event can't be read: %w: is it a node of Tocsin, and of this version?", err)
	}
	if f.key != "" && e.Key != f.key {
		return nil
	}
	line := data + "\n"
	if !f.json {
		line = eventLine(newScreen(f.stdout), e)
	}
	if _, err := io.WriteString(f.stdout, line); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

// eventLine is one event on a line, aligned as far as one can who does not know
// what comes.
func eventLine(s *screen, e api.Event) string {
	change := e.From.String() + "→" + s.status(e.To)
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
	return fmt.Sprintf("%s  %-6d  %-20s  %s%s  %s\n", moment(e.Time), e.ID, cut(clean(e.Key), 30), change, strings.Repeat(" ", pad), text)
}

// firstReason is what one of those said who brought the event about.
func firstReason(e api.Event) string {
	for _, v := range e.Votes {
		if v.Excluded == "" && v.Verdict == e.To && v.Reason != "" {
			return cut(clean(v.Reason), 80)
		}
	}
	return ""
}

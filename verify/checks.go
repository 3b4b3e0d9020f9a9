package verify

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
	"tocsin/stream"
)

// Checks is the Checker that really looks. It dispatches on the kind of check:
//
//   - script: the user's script, as SCRIPT KEY VALUE. The first word it prints,
//     UP or DOWN, is the sample, and what follows on that line the reason.
//   - nagios: any Nagios plugin; the value holds its arguments (see
//     SplitArguments). Exit 0 and 1 are UP, 2 is DOWN, all else UNKNOWN.
//   - stream: a script that stays and is asked line by line; see package stream.
//   - http: the value is a URL. An answer of 2xx or 3xx is UP, any other answer
//     and none are DOWN.
//   - tcp: the value is host:port. UP if it takes the connection.
//
// DOWN is said only of what the endpoint did or failed to do. A fault on our
// side (no such script, a value that can't be read, a name that can't be
// resolved, no file descriptors left) is UNKNOWN.
type Checks struct {
	scripts *script.Dir
	streams *stream.Room
	client  *http.Client
}

// NewChecks returns Checks that takes its scripts, and whom they run as, from the
// given directory. It
// may be nil: then the kinds that need a script are UNKNOWN. The logger gets the
// ends of scripts that should have stayed; nil discards them.
func NewChecks(scripts *script.Dir, log *slog.Logger) *Checks {
	return &Checks{scripts: scripts, streams: stream.New(scripts.User(), log), client: newClient()}
}

// Close ends the scripts that have stayed, and waits for their ends. No check of
// them is made any more.
func (c *Checks) Close() { c.streams.Close() }

// StreamStats is what scripts that stay have done so far.
type StreamStats = stream.Stats

// Streams tells what the scripts that stay have done so far.
func (c *Checks) Streams() StreamStats { return c.streams.Stats() }

// Check implements Checker.
func (c *Checks) Check(ctx context.Context, r Request) Sample {
	switch r.Kind {
	case fsm.CheckScript:
		s, _ := c.runScript(ctx, r)
		return s
	case fsm.CheckNagios:
		s, _ := c.runPlugin(ctx, r)
		return s
	case fsm.CheckStream:
		return c.ask(ctx, r)
	case fsm.CheckHTTP:
		return c.getURL(ctx, r)
	case fsm.CheckTCP:
		return c.connect(ctx, r)
	}
	return unknown(fmt.Sprintf("this node does not know the check %q: install the newer build", r.Kind))
}

func up(reason string) Sample   { return Sample{Status: health.Up, Reason: reason} }
func down(reason string) Sample { return Sample{Status: health.Down, Reason: reason} }

// timedOut is s as the sample of a check that missed its deadline.
func timedOut(s Sample) Sample {
	s.TimedOut = true
	return s
}

// unknown is the sample of a check that learned nothing about the endpoint.
func unknown(reason string) Sample { return Sample{Status: health.Unknown, Reason: reason} }

package verify

import (
	"context"
	"fmt"
	"net/http"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
)

// Checks is the Checker that really looks. It dispatches on the kind of check:
//
//   - script: the user's script, as SCRIPT KEY VALUE. The first word it prints,
//     UP or DOWN, is the sample, and what follows on that line the reason.
//   - nagios: any Nagios plugin; the value holds its arguments (see
//     SplitArguments). Exit 0 and 1 are UP, 2 is DOWN, all else UNKNOWN.
//   - http: the value is a URL. An answer of 2xx or 3xx is UP, any other answer
//     and none are DOWN.
//   - tcp: the value is host:port. UP if it takes the connection.
//
// DOWN is said only of what the endpoint did or failed to do. A fault on our
// side (no such script, a value that can't be read, a name that can't be
// resolved, no file descriptors left) is UNKNOWN.
type Checks struct {
	scripts *script.Dir
	client  *http.Client
}

// NewChecks returns Checks that takes its scripts from the given directory. It
// may be nil: then the kinds that need a script are UNKNOWN.
func NewChecks(scripts *script.Dir) *Checks {
	return &Checks{scripts: scripts, client: newClient()}
}

// Check implements Checker.
func (c *Checks) Check(ctx context.Context, r Request) Sample {
	s, _ := c.Try(ctx, r)
	return s
}

// Try is Check for somebody who wants to know what the script did, too: nil if
// none was run.
func (c *Checks) Try(ctx context.Context, r Request) (Sample, *script.Result) {
	switch r.Kind {
	case fsm.CheckScript:
		return c.runScript(ctx, r)
	case fsm.CheckNagios:
		return c.runPlugin(ctx, r)
	case fsm.CheckHTTP:
		return c.getURL(ctx, r), nil
	case fsm.CheckTCP:
		return c.connect(ctx, r), nil
	}
	return unknown(fmt.Sprintf("this node does not know the check %q: install the newer build", r.Kind)), nil
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

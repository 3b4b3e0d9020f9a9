package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"tocsin/health"
	"tocsin/script"
)

// runScript runs a user's script, by the contract of verification scripts.
func (c *Checks) runScript(ctx context.Context, r Request) (Sample, *script.Result) {
	result, err := c.run(ctx, r, []string{r.Key, r.Value})
	if err != nil {
		return unknown(err.Error()), nil
	}
	return judgeScript(r, result), &result
}

// run runs the script that r names with the environment of the contract. An
// error means that it was not even tried.
func (c *Checks) run(ctx context.Context, r Request, args []string) (script.Result, error) {
	command, err := c.find(r)
	if err != nil {
		return script.Result{}, err
	}
	command.Args, command.Env = args, environment(r)
	command.Timeout, command.MaxOutput = r.Timeout, maxOutput
	result := script.Run(ctx, command)
	if script.Shortage(result.StartErr) && breathe(ctx, r.Timeout) {
		result = script.Run(ctx, command)
	}
	return result, nil
}

// find returns a run of the script that r names.
func (c *Checks) find(r Request) (script.Command, error) {
	if c.scripts == nil {
		return script.Command{}, errors.New("this node has no scripts directory: start it with one")
	}
	return c.scripts.Command(r.Script)
}

// breathe waits a while when there was no room for one more process, and
// reports whether ctx goes on. The check keeps its place among those that run
// at once, so that a machine in need gets few attempts a second, each at a
// moment of its own, however many checks are due.
func breathe(ctx context.Context, timeout time.Duration) bool {
	most := min(timeout/2, maxBreath)
	timer := time.NewTimer(most/2 + time.Duration(rand.Float64()*float64(most/2)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

const maxBreath = 2 * time.Second

// maxOutput is how much of a check's output is kept, in bytes: enough for a
// line and for the end of a stack trace, since a reason has no room for more.
const maxOutput = 8 << 10

func environment(r Request) []string {
	return script.Environment(
		"TOCSIN_KEY="+r.Key,
		"TOCSIN_VALUE="+r.Value,
		"TOCSIN_NODE="+r.Node,
		"TOCSIN_SITE="+r.Site,
		"TOCSIN_TIMEOUT_SECONDS="+strconv.FormatFloat(r.Timeout.Seconds(), 'f', -1, 64),
		"TOCSIN_STATE="+r.State.String(),
	)
}

// judgeScript makes a sample of how a script ended. The word it printed counts
// whatever its exit code is, but only if it came to its end by itself.
func judgeScript(r Request, result script.Result) Sample {
	if s, ended := cutShort(r, result); ended {
		return s
	}
	word, rest := parseOutput(result.Stdout)
	switch word {
	case "UP":
		return up(rest)
	case "DOWN":
		return down(rest)
	case "UNKNOWN":
		if rest != "" {
			return unknown(rest)
		}
		return unknown(r.Script + " said UNKNOWN" + lastWords(result))
	case "":
		return unknown(fmt.Sprintf("%s printed nothing and exited with %d%s", r.Script, result.ExitCode, lastWords(result)))
	}
	return unknown(fmt.Sprintf("%s printed %q and not UP or DOWN, and exited with %d%s",
		r.Script, ending(word, 64), result.ExitCode, lastWords(result)))
}

// cutShort makes a sample of a run that did not come to its end by itself.
func cutShort(r Request, result script.Result) (s Sample, ended bool) {
	switch {
	case result.Interrupted:
		return unknown("the check was stopped"), true
	case result.StartErr != nil:
		return unknown(fmt.Sprintf("%s could not be started: %v", r.Script, result.StartErr)), true
	case result.TimedOut:
		s := Sample{Status: health.Unknown, Reason: fmt.Sprintf("%s did not end within %v%s", r.Script, r.Timeout, lastWords(result))}
		if r.TimeoutIs == health.Down {
			s.Status = health.Down
		}
		return timedOut(s), true
	case result.Signal != "":
		return unknown(fmt.Sprintf("%s was ended by the signal %s%s", r.Script, result.Signal, lastWords(result))), true
	}
	return Sample{}, false
}

// parseOutput returns the first word of a script's output, and what follows it
// on the same line.
func parseOutput(stdout string) (word, rest string) {
	line := firstLine(stdout)
	if i := strings.IndexAny(line, " \t\v\f\r"); i >= 0 {
		return line[:i], strings.TrimSpace(line[i:])
	}
	return line, ""
}

// lastWords returns the end of what a script printed on standard error, to be
// put behind what we say ourselves.
func lastWords(result script.Result) string {
	// The sentence before it has the rest of the reason's room.
	if text := ending(result.Stderr, 140); text != "" {
		return ": " + text
	}
	return ""
}

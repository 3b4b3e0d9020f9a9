package verify

import (
	"context"
	"fmt"
	"strings"

	"tocsin/script"
)

// runPlugin runs a Nagios plugin with the arguments that the value holds.
func (c *Checks) runPlugin(ctx context.Context, r Request) (Sample, *script.Result) {
	args, err := SplitArguments(r.Value)
	if err != nil {
		return unknown(err.Error()), nil
	}
	result, err := c.run(ctx, r, args)
	if err != nil {
		return unknown(err.Error()), nil
	}
	return judgePlugin(r, result), &result
}

// judgePlugin makes a sample of how a plugin ended. A warning is UP: what
// warns still serves.
func judgePlugin(r Request, result script.Result) Sample {
	if s, ended := cutShort(r, result); ended {
		return s
	}
	reason := pluginText(result.Stdout)
	if reason == "" {
		reason = fmt.Sprintf("%s exited with %d%s", r.Script, result.ExitCode, lastWords(result))
	}
	switch result.ExitCode {
	case 0, 1:
		return up(reason)
	case 2:
		return down(reason)
	}
	return unknown(reason)
}

// pluginText returns the first line of a plugin's output without the
// performance data behind the bar, which is for machines.
func pluginText(stdout string) string {
	text, _, _ := strings.Cut(firstLine(stdout), "|")
	return strings.TrimSpace(text)
}

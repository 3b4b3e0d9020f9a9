package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"tocsin/cli/agent"
	"tocsin/cli/client"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/node"
	"tocsin/prose"
)

// Main runs one command and returns its exit code. The arguments are those
// behind the name of the program.
func Main(args []string, stdout, stderr io.Writer) int {
	a := app{stdout: stdout, stderr: stderr, run: runNode}
	return a.main(args)
}

// app is one call of the program.
type app struct {
	stdout, stderr io.Writer
	// run runs a node until ctx ends, and beside it what is to run beside it;
	// tests look at the Config instead.
	run agent.Runner
}

func runNode(ctx context.Context, cfg node.Config, beside func(context.Context, agent.Running)) error {
	return node.Run(ctx, cfg, func(ctx context.Context, n *node.Node) { beside(ctx, n) })
}

func (a app) main(args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return exitDone
	}
	if told, ok := errors.AsType[exitError](err); ok {
		if told.error != nil {
			a.sayFaults(told.error)
		}
		return told.code
	}
	wrong, misused := errors.AsType[usageError](err)
	if misused {
		err = wrong.error
	}
	if a.sayFaults(err) && misused {
		a.say("See \"%s --help\".\n", wrong.command)
	}
	switch no, refused := errors.AsType[client.Refused](err); {
	case misused && slices.Contains(args, "--"+exitCodeFlag):
		return exitUnknown
	case misused:
		return wrong.code
	case refused && no.Status == http.StatusBadRequest:
		return exitUsage // a node has found what is wrong with it
	}
	return exitFailed
}

// sayFaults says what is wrong: with the lines of the configuration file that
// are wrong, and, in one line, all others. It reports whether there are others.
func (a app) sayFaults(err error) (others bool) {
	faults, rest := config.Split(err)
	for _, f := range faults {
		a.say("tocsin: %s\n%s", screen.Clean(f.Error()), f.Excerpt())
	}
	if len(rest) > 0 {
		a.say("tocsin: %s\n", prose.OneLine(errors.Join(rest...).Error()))
	}
	return len(rest) > 0
}

// say writes words for people. Where standard error can't be written to, there
// is nobody left to tell.
func (a app) say(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format, args...) }

// usageError is a command called wrongly, the command whose help helps, and the
// code to end with.
type usageError struct {
	error
	command string
	code    int
}

func (e usageError) Unwrap() error { return e.error }

// misused makes err one of a command called wrongly.
func misused(c *cobra.Command, err error) error {
	if c.Annotations[judges] != "" {
		return usageError{err, c.CommandPath(), exitUnknown}
	}
	return usageError{err, c.CommandPath(), exitUsage}
}

func misuse(c *cobra.Command, format string, args ...any) error {
	return misused(c, fmt.Errorf(format, args...))
}

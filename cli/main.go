package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/node"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs one command and returns its exit code. The arguments are those
// behind the name of the program.
func Main(args []string, stdout, stderr io.Writer) int {
	a := app{stdout: stdout, stderr: stderr, run: func(ctx context.Context, cfg node.Config) error {
		return node.Run(ctx, cfg, nil)
	}}
	return a.main(args)
}

// app is one call of the program.
type app struct {
	stdout, stderr io.Writer
	// run runs a node until ctx ends; tests look at the Config instead.
	run func(context.Context, node.Config) error
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
	a.say("tocsin: %s\n", oneLine(err.Error()))
	if wrong, ok := errors.AsType[usageError](err); ok {
		if wrong.command != "" {
			a.say("See \"%s --help\".\n", wrong.command)
		}
		return exitUsage
	}
	return exitFailed
}

// say writes words for people. Where standard error can't be written to, there
// is nobody left to tell.
func (a app) say(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format, args...) }

// usageError is a command called wrongly, and the command whose help helps.
type usageError struct {
	error
	command string
}

func (e usageError) Unwrap() error { return e.error }

func misuse(c *cobra.Command, format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...), c.CommandPath()}
}

// oneLine puts errors that were joined behind each other.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

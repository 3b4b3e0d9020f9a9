package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
	"tocsin/render"
	"tocsin/verify"
)

func (a app) render() *cobra.Command {
	var addresses []string
	var check, reload string
	var status bool
	job := render.Job{Timeout: 30 * time.Second}
	mode := octal(0o644)
	c := &cobra.Command{
		Use:         "render TEMPLATE FILE [flags]",
		Short:       "Write a file from a template, and have a service read it",
		Annotations: map[string]string{help.Order: "76"},
		Long: `Fills TEMPLATE, a text/template of Go, and puts what it makes in the place of
FILE: whole, with the owner and mode that FILE has, after --check, and before
--reload. It is made to be run by a notification script. Nothing is done when
nothing changes, or when a newer event was acted on. When --reload fails the old
file is put back, and that is reloaded; a run that was cut short is made good by
the next one.

A template knows the event by the names that notification scripts find on their
standard input ({{ .key }}, {{ .value }}, {{ .status }}, ...), and with --status
all endpoints ({{ range .endpoints }}{{ .key }} {{ .state }}{{ end }}). It can
call env, endpoint, default, host, port, quote, json, lower, upper, trim, split,
join, replace, contains, hasPrefix and hasSuffix. With - for TEMPLATE the text
comes from standard input as it is: nothing in it is filled in.

The commands are run without a shell; 'quotes' keep blanks. In that of --check
{} stands for the file with the new text, which is not in place yet. A check
without {}, of all that the service reads, is run with the new text in place and
before --reload; when it refuses, the old file is put back.

Exit codes, as notification scripts have them: 0 done, or nothing to do; 1 try
again; 2 give up, since it would go wrong again, or it was called wrongly.`,
		Example: `tocsin render db.tmpl /etc/app/db.env --reload "systemctl reload app"
tocsin render map.tmpl /etc/haproxy/db.map --status \
    --check "haproxy -c -f /etc/haproxy/haproxy.cfg" \
    --reload "systemctl reload haproxy"
TOCSIN_STATUS=DOWN tocsin render db.tmpl /etc/app/db.env --dry-run`,
		Args: exactly("TEMPLATE", "FILE"),
	}
	c.Flags().StringVar(&check, "check", "", "`command` that has to exit with 0 before the service hears of it; {} is the new file")
	c.Flags().StringVar(&reload, "reload", "", "`command` that has the service read FILE; when it fails the old one is put back")
	c.Flags().Var(config.Word((*fsm.Duration)(&job.Timeout), "duration"), "timeout", "how long each of the two may take")
	help.Group(c, "Commands", "check", "reload", "timeout")
	c.Flags().BoolVar(&status, "status", false, "ask a node for all endpoints and their states")
	c.Flags().Var(&mode, "mode", "`mode` of a FILE that is not there yet")
	c.Flags().BoolVar(&job.DryRun, "dry-run", false, "show what would change, run no more than a --check with {}")
	help.Group(c, "Writing", "status", "mode", "dry-run")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if job.Check, err = verify.SplitArguments(check); err != nil {
			return misuse(c, "--check: %w", err)
		}
		if job.Reload, err = verify.SplitArguments(reload); err != nil {
			return misuse(c, "--reload: %w", err)
		}
		if job.Timeout <= 0 {
			return misuse(c, "--timeout %v is no time at all", job.Timeout)
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		job.File, job.Mode = args[1], os.FileMode(mode)
		ctx, stop := untilInterrupted(c.Context())
		defer stop()
		if job.Text, job.Event, err = renderedText(ctx, nodes, args[0], status); err != nil {
			return orGiveUp(err)
		}
		job.Cluster = os.Getenv("TOCSIN_CLUSTER")
		report, err := render.Do(ctx, job)
		if err != nil {
			return orGiveUp(fmt.Errorf("%s: %w", screen.Clean(job.File), err))
		}
		return a.tellRendered(job, report)
	}
	return c
}

// renderedText returns what a file is to hold, and the event that it is for, 0 if
// there is none. The template - is the text itself, on standard input.
func renderedText(ctx context.Context, nodes *client.Client, from string, status bool) ([]byte, uint64, error) {
	event, text := io.Reader(os.Stdin), io.Reader(strings.NewReader(""))
	if from == "-" {
		event, text = text, event
	}
	data, id, err := eventData(event)
	if err != nil {
		return nil, 0, err
	}
	if from == "-" {
		all, err := io.ReadAll(io.LimitReader(text, render.MaxText+1))
		if err == nil && len(all) > render.MaxText {
			err = render.GiveUp{Err: fmt.Errorf("the text on standard input has more than %d bytes", render.MaxText)}
		}
		return all, id, err
	}
	if status {
		if err := addStatus(ctx, nodes, data, id); err != nil {
			return nil, 0, fmt.Errorf("--status: %w", err)
		}
	}
	source, err := os.ReadFile(from)
	if err != nil {
		return nil, 0, err
	}
	filled, err := render.Text(filepath.Base(from), string(source), data)
	return filled, id, err
}

// orGiveUp makes err end the command with 2 if another attempt would meet it again.
func orGiveUp(err error) error {
	if _, hopeless := errors.AsType[render.GiveUp](err); hopeless {
		return exitError{err, exitUsage}
	}
	return err
}

func (a app) tellRendered(job render.Job, r render.Report) error {
	file := screen.Clean(job.File)
	switch {
	case r.Refused != "":
		return a.tell(fmt.Sprintf("%s was left alone: %s.", file, r.Refused))
	case job.DryRun && r.Diff == "":
		return a.tell(fmt.Sprintf("%s would not change.", file))
	case job.DryRun:
		s := screen.New(a.stdout)
		for line := range strings.Lines(r.Diff) {
			s.Line("%s", screen.Clean(strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "    ")))
		}
		s.Line("%s would change%s. Nothing was done.", file, wouldRun(job.Reload))
		return a.tell(strings.TrimSuffix(s.String(), "\n"))
	case r.Replaced && r.Reloaded:
		return a.tell(fmt.Sprintf("%s was written and reloaded.", file))
	case r.Replaced:
		return a.tell(fmt.Sprintf("%s was written.", file))
	case r.Reloaded:
		return a.tell(fmt.Sprintf("%s had not changed, and was reloaded: an earlier run had not come to that.", file))
	}
	return a.tell(fmt.Sprintf("%s has not changed: there is nothing to do.", file))
}

// wouldRun tells what would have a service read the file, if anything would.
func wouldRun(reload []string) string {
	if len(reload) == 0 {
		return ""
	}
	return fmt.Sprintf(", and %q be run", screen.Clean(strings.Join(reload, " ")))
}

// octal is the mode of a file, as one writes it for chmod.
type octal os.FileMode

func (o *octal) String() string { return fmt.Sprintf("%04o", uint32(*o)) }
func (o *octal) Type() string   { return "mode" }

func (o *octal) Set(text string) error {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || n > 0o777 {
		return fmt.Errorf("%q is not like 0644", text)
	}
	*o = octal(n)
	return nil
}

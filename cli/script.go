package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/agent"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/script"
	"tocsin/verify"
)

func (a app) script() *cobra.Command {
	test := family(&cobra.Command{
		Use:         "test verify|notify",
		Short:       "Run a script once as the agent would, and say what came of it",
		Annotations: map[string]string{help.Order: "1"},
		Example: `tocsin script test verify verify.sh web http://10.0.0.1/health
tocsin script test notify notify.sh web http://10.0.0.1/health --status DOWN`,
	}, a.scriptVerify(), a.scriptNotify())
	return family(&cobra.Command{
		Use:         "script test",
		Short:       "Try a verification or notification script on this machine",
		Annotations: map[string]string{help.Order: "75"},
		Example:     test.Example,
	}, test)
}

// trial is a command that runs a script with what an agent here would be told.
type trial struct {
	app
	given *agent.Given
}

// newTrial gives c the flags of the agent.
func (a app) newTrial(c *cobra.Command) trial {
	t := trial{a, optionFlags(c)}
	hideFlags(c)
	for _, name := range []string{"config", "scripts", "script-user", "node", "site"} {
		f := c.Flags().Lookup(name)
		f.Hidden = false
		help.Group(c, "As the agent would", name)
	}
	return t
}

// open returns what the agent would be told, and its scripts.
func (t trial) open(c *cobra.Command) (agent.Loaded, *script.Dir, error) {
	l, err := t.given.Read()
	if err != nil {
		return l, nil, misused(c, err)
	}
	if l.Node.Name == "" {
		l.Node.Name = "test"
	}
	scripts, err := l.Node.OpenScripts()
	if as, ok := errors.AsType[script.CantSwitch](err); ok {
		if !as.Same {
			t.say("warning: %v; the script runs as you\n", err)
		}
		l.Node.ScriptUser = ""
		scripts, err = l.Node.OpenScripts()
	}
	return l, scripts, err
}

func (a app) scriptVerify() *cobra.Command {
	state := "UNKNOWN"
	c := &cobra.Command{
		Use:         "verify NAME KEY VALUE [flags]",
		Short:       "Run a verification script, and say what its sample would be",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Runs NAME of the scripts directory as SCRIPT KEY VALUE, with the environment,
the deadline and the limits that the agent would give it, and says what the
sample would be and why. With --check nagios NAME is a plugin, and VALUE has its
arguments; with --check stream it is asked one line, and then its input ends.
Variables that begin with SCRIPT_ are those of this shell.

The flags, the environment and the file of the agent are taken as "tocsin agent"
takes them (--timeout, --timeout-is, --check, ...).

Exit codes: 0 the sample is UP or DOWN; 1 it is UNKNOWN; 2 this command was
called wrongly.`,
		Example: `tocsin script test verify verify.sh web http://10.0.0.1/health
tocsin script test verify check_disk / "-w 10% -c 5%" \
    --check nagios --timeout 2s
tocsin script test verify verify-http-stream web http://10.0.0.1/ \
    --check stream`,
		Args: exactly("NAME", "KEY", "VALUE"),
	}
	t := a.newTrial(c)
	c.Flags().Var(config.Upper(&state, "UP", "DOWN", "UNKNOWN"), "state", "`state` that the cluster holds: UP, DOWN or UNKNOWN")
	help.Group(c, "Trying", "state")
	c.RunE = func(c *cobra.Command, args []string) error {
		l, scripts, err := t.open(c)
		if err != nil {
			return err
		}
		held, err := health.Parse(state)
		if err != nil {
			return misuse(c, "--state: %w", err)
		}
		settings, kind := l.Node.Settings, fsm.CheckScript
		if settings.Check.RunsScript() {
			kind = settings.Check
		}
		ctx, stop := untilInterrupted(c.Context())
		defer stop()
		checks := verify.NewChecks(scripts, nil)
		defer checks.Close()
		trial := checks.Try(ctx, verify.Request{
			Key: args[1], Value: args[2], Kind: kind, Script: args[0], State: held, Node: l.Node.Name, Site: l.Node.Site,
			Timeout: time.Duration(settings.Timeout), TimeoutIs: settings.TimeoutIs,
		})
		s := screen.New(a.stdout)
		drawPrinted(s, "asked", trial.Asked)
		drawRan(s, args[0], trial.Ran)
		sample := trial.Sample
		s.Line("The sample is %s%s.", s.Status(sample.Status), because(sample.Reason))
		s.Sentence(sampleMeans(kind, sample.Status, settings.Fall, settings.Rise))
		if err := a.tell(strings.TrimSuffix(s.String(), "\n")); err != nil {
			return err
		}
		if sample.Status == health.Unknown {
			return exitWith(exitFailed)
		}
		return nil
	}
	return c
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + screen.Clean(reason)
}

func sampleMeans(kind fsm.Check, status health.Status, fall, rise int) string {
	switch status {
	case health.Up:
		return fmt.Sprintf("So many of these in a row make this node say UP: %d (rise).", rise)
	case health.Down:
		return fmt.Sprintf("So many of these in a row make this node say DOWN: %d (fall).", fall)
	}
	switch kind {
	case fsm.CheckNagios:
		return "UNKNOWN counts for neither side: a plugin says what it found by exiting with 0, 1 or 2."
	case fsm.CheckStream:
		return "UNKNOWN counts for neither side: a script that stays answers each line with one line of JSON that has its id and a status, UP or DOWN, and flushes it."
	}
	return "UNKNOWN counts for neither side: a script says UP or DOWN, as the first word that it prints."
}

// drawRan writes what a script did and printed.
func drawRan(s *screen.Screen, name string, r *script.Result) {
	if r == nil || r.StartErr != nil {
		return // what comes below says why
	}
	took := r.Duration.Round(time.Millisecond)
	switch {
	case r.Interrupted:
		s.Line("%s was stopped after %v.", screen.Clean(name), took)
	case r.TimedOut:
		s.Line("%s did not end in time, and was stopped with all that it had started.", screen.Clean(name))
	case r.Signal != "":
		s.Line("%s was ended by the signal %s after %v.", screen.Clean(name), r.Signal, took)
	default:
		s.Line("%s exited with %d after %v.", screen.Clean(name), r.ExitCode, took)
	}
	drawPrinted(s, "output", r.Stdout)
	drawPrinted(s, "errors", r.Stderr)
	if r.Truncated {
		s.Line("It printed more than is kept.")
	}
}

func drawPrinted(s *screen.Screen, head, text string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		s.Line("%-7s| %s", head, screen.Clean(strings.ReplaceAll(line, "\t", "    ")))
		head = ""
	}
}

func (a app) scriptNotify() *cobra.Command {
	status, role := "DOWN", string(fsm.Leader)
	var id uint64 = 1
	attempt := 1
	c := &cobra.Command{
		Use:         "notify NAME KEY VALUE [flags]",
		Short:       "Run a notification script, and say what its end would mean",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Runs NAME of the scripts directory as SCRIPT ROLE KEY VALUE STATUS, with the
environment, the event on its standard input, the deadline and the limits that
the agent would give it, and says whether it would be done, tried again or given
up. It really runs: what the script does is done. Variables that begin with
SCRIPT_ are those of this shell.

No event is made. The id that the script is told is 1, so that one that keeps a
fence against older events refuses it; one that is higher than all real ones
would make it refuse those, so give that with care.

The flags, the environment and the file of the agent are taken as "tocsin agent"
takes them (--notify-timeout, --notify-attempts, ...).

Exit codes: 0 it is done; 1 it is not; 2 this command was called wrongly.`,
		Example: `tocsin script test notify notify.sh web http://10.0.0.1/health
tocsin script test notify notify.sh web http://10.0.0.1/health \
    --status UP --role follower`,
		Args: exactly("NAME", "KEY", "VALUE"),
	}
	t := a.newTrial(c)
	c.Flags().Var(config.Upper(&status, "UP", "DOWN"), "status", "`status` that the endpoint has come to: UP or DOWN")
	c.Flags().Var(config.OneOf(&role, string(fsm.Leader), string(fsm.Follower)), "role", "`role` of this node: leader or follower")
	c.Flags().Var(config.ID(&id), "event-id", "`id` of the event")
	c.Flags().Var(config.Number(&attempt), "attempt", "which attempt it is")
	help.Group(c, "Trying", "status", "role", "event-id", "attempt")
	c.RunE = func(c *cobra.Command, args []string) error {
		l, scripts, err := t.open(c)
		if err != nil {
			return err
		}
		to, err := health.Parse(status)
		if err != nil {
			return misuse(c, "--status: %w", err)
		}
		from := health.Up
		if to == health.Up {
			from = health.Down
		}
		timeout := time.Duration(l.Node.Settings.NotifyTimeout)
		ctx, stop := untilInterrupted(c.Context())
		defer stop()
		result := notify.NewScripts(scripts).Run(ctx, notify.Job{
			Script: args[0], Role: fsm.Role(role), Attempt: attempt, Timeout: timeout, Node: l.Node.Name, Site: l.Node.Site,
			Event: &fsm.Event{
				ID: id, Key: args[1], Value: args[2], From: from, To: to, Time: time.Now(), Leader: l.Node.Name,
				Votes: []fsm.Vote{{Node: l.Node.Name, Site: l.Node.Site, Verdict: to, Reason: "a trial by hand"}},
			},
		})
		meaning, problem := notify.MeaningOf(result, timeout)
		s := screen.New(a.stdout)
		drawRan(s, args[0], &result)
		s.Line("The notification is %s%s.", meaning, because(problem))
		s.Sentence(endMeans(meaning, l.Node.Settings.NotifyAttempts))
		if err := a.tell(strings.TrimSuffix(s.String(), "\n")); err != nil {
			return err
		}
		if meaning != notify.MeansDone {
			return exitWith(exitFailed)
		}
		return nil
	}
	return c
}

func endMeans(m notify.Meaning, attempts int) string {
	switch m {
	case notify.MeansDone:
		return "Exit code 0 is done: nothing more is run for this event on this node."
	case notify.MeansRetried:
		return fmt.Sprintf("Exit code 1, a signal, a timeout and a script that can't be started are tried again, after 1s, 2s, and so on up to 1m, %d times in all (notify_attempts).", attempts)
	case notify.MeansGivenUp:
		return "Exit codes of 2 and above give up: no further attempt is made, and \"tocsin events\" shows that it failed."
	}
	return "That says nothing about the script: the agent would run it again."
}

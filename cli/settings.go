package cli

import (
	"cmp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/fsm"
)

// settingFlags adds a flag for each of the settings that an endpoint may have
// of its own, to be read into s. They are the same for the agent, which gives
// the first values of the cluster, and for set, which gives the endpoint's.
func settingFlags(c *cobra.Command, s *fsm.Settings) {
	f := c.Flags()
	f.Var(word{&s.Interval, "duration"}, "interval", "between checks of one endpoint on one node")
	f.Var(word{&s.RetryInterval, "duration"}, "retry-interval", "after a check that disagrees with the verdict; a fifth of --interval, 1s at least, if not given")
	f.Var(word{&s.Timeout, "duration"}, "timeout", "deadline of one check")
	f.Var(lower{word{&s.TimeoutIs, "unknown|down"}}, "timeout-is", "`status` of a script that misses the deadline: unknown or down")
	f.IntVar(&s.Fall, "fall", s.Fall, "checks in a row that make a node say DOWN")
	f.IntVar(&s.Rise, "rise", s.Rise, "checks in a row that make a node say UP")
	f.Var(oneOf{(*string)(&s.Check), []string{"script", "nagios", "http", "tcp"}}, "check", "`kind` of check: script, nagios, http (the value is a URL) or tcp (the value is HOST:PORT)")
	f.StringVar(&s.Verify, "verify", s.Verify, "`name` of the verification script")
	group(c, "Checking", "interval", "retry-interval", "timeout", "timeout-is", "fall", "rise", "check", "verify")

	f.Var(word{&s.Quorum, "majority|n"}, "quorum", "`votes` that must agree: majority, or a number above half of the nodes")
	f.Var(word{&s.Sites, "auto|off|n"}, "sites", "`sites` that must agree: auto (a majority of them when there are three or more), off, or a number")
	f.Var(seconds{word{&s.Cooldown, "duration"}}, "cooldown", "least time between two events of one endpoint; a bare number is seconds")
	group(c, "Deciding", "quorum", "sites", "cooldown")

	f.StringVar(&s.Notify, "notify", s.Notify, "`name` of the notification script")
	f.Var(word{&s.NotifyTimeout, "duration"}, "notify-timeout", "deadline of one run of it")
	f.IntVar(&s.NotifyAttempts, "notify-attempts", s.NotifyAttempts, "runs of it before giving up")
	group(c, "Notifying", "notify", "notify-timeout", "notify-attempts")
}

// overridesOf returns the settings whose flags were given, nil if none was.
func overridesOf(flags *pflag.FlagSet, s *fsm.Settings) *fsm.Overrides {
	var o fsm.Overrides
	given := []bool{
		take(flags, "interval", &o.Interval, &s.Interval),
		take(flags, "retry-interval", &o.RetryInterval, &s.RetryInterval),
		take(flags, "timeout", &o.Timeout, &s.Timeout),
		take(flags, "timeout-is", &o.TimeoutIs, &s.TimeoutIs),
		take(flags, "fall", &o.Fall, &s.Fall),
		take(flags, "rise", &o.Rise, &s.Rise),
		take(flags, "quorum", &o.Quorum, &s.Quorum),
		take(flags, "sites", &o.Sites, &s.Sites),
		take(flags, "cooldown", &o.Cooldown, &s.Cooldown),
		take(flags, "check", &o.Check, &s.Check),
		take(flags, "verify", &o.Verify, &s.Verify),
		take(flags, "notify", &o.Notify, &s.Notify),
		take(flags, "notify-timeout", &o.NotifyTimeout, &s.NotifyTimeout),
		take(flags, "notify-attempts", &o.NotifyAttempts, &s.NotifyAttempts),
	}
	if cmp.Or(given...) {
		return &o
	}
	return nil
}

// take points field at value if the flag was given.
func take[T any](flags *pflag.FlagSet, name string, field **T, value *T) bool {
	if !flags.Changed(name) {
		return false
	}
	*field = value
	return true
}

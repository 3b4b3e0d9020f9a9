package cli

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/pflag"

	"tocsin/config"
	"tocsin/fsm"
)

// settingGroups are the settings that an endpoint may have of its own, read
// into s. They are the same for the agent, which gives the first values of the
// cluster, and for set, which gives the endpoint's.
func settingGroups(s *fsm.Settings) []config.Group {
	return []config.Group{
		{Heading: "Checking", Options: []config.Option{
			{Name: "interval", Value: config.Word(&s.Interval, "duration"), Help: "between checks of one endpoint on one node"},
			{Name: "retry-interval", Value: config.Word(&s.RetryInterval, "duration"), Help: "after a check that disagrees with the verdict; a fifth of --interval, 1s at least, if not given"},
			{Name: "timeout", Value: config.Word(&s.Timeout, "duration"), Help: "deadline of one check"},
			{Name: "timeout-is", Value: config.Lower(&s.TimeoutIs, "unknown|down"), Help: "`status` of a script that misses the deadline: unknown or down"},
			{Name: "fall", Value: config.Number(&s.Fall), Help: "checks in a row that make a node say DOWN"},
			{Name: "rise", Value: config.Number(&s.Rise), Help: "checks in a row that make a node say UP"},
			{Name: "check", Value: config.OneOf((*string)(&s.Check), "script", "nagios", "stream", "http", "tcp"), Help: "`kind` of check: script, nagios, stream (a script that stays and is asked line by line), http (the value is a URL) or tcp (the value is HOST:PORT)"},
			{Name: "verify", Value: config.Text(&s.Verify, "name"), Help: "name of the verification script"},
		}},
		{Heading: "Deciding", Options: []config.Option{
			{Name: "quorum", Value: config.Word(&s.Quorum, "majority|n"), Help: "`votes` that must agree: majority, or a number above half of the nodes"},
			{Name: "sites", Value: config.Word(&s.Sites, "auto|off|n"), Help: "`sites` that must agree: auto (a majority of them when there are three or more), off, or a number"},
			{Name: "cooldown", Value: config.Seconds(&s.Cooldown, "duration"), Help: "least time between two events of one endpoint; a bare number is seconds"},
		}},
		{Heading: "Notifying", Options: []config.Option{
			{Name: "notify", Value: config.Text(&s.Notify, "name"), Help: "name of the notification script"},
			{Name: "notify-timeout", Value: config.Word(&s.NotifyTimeout, "duration"), Help: "deadline of one run of it"},
			{Name: "notify-attempts", Value: config.Number(&s.NotifyAttempts), Help: "runs of it before giving up"},
		}},
	}
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

// settingsOf returns the settings that o has, in their order and in their words.
func settingsOf(o fsm.Overrides) []field {
	var fields []field
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields = append(fields, field{name, config.Short(fmt.Sprint(v.Field(i).Elem()))})
	}
	return fields
}

package agent

import (
	"tocsin/config"
	"tocsin/fsm"
)

// SettingGroups are the settings that an endpoint may have of its own, read
// into s. They are the same for the agent, which gives the first values of the
// cluster, and for set, which gives the endpoint's.
func SettingGroups(s *fsm.Settings) []config.Group {
	return []config.Group{
		{Heading: "Checking", Options: []config.Option{
			{Name: "interval", Value: config.Word(&s.Interval, "duration"), Help: "between checks of one endpoint on one node"},
			{Name: "retry-interval", Value: config.Word(&s.RetryInterval, "duration"), Help: "after a check that disagrees with the verdict; 0s is a fifth of --interval, 1s at least"},
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

package cli

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/api"
	"tocsin/cli/screen"
	"tocsin/footing"
	"tocsin/health"
	"tocsin/prose"
)

// verdict is how something stands, in the words and with the exit code that
// Nagios has for it.
type verdict struct {
	code    int
	reasons []string
}

func (v *verdict) add(code int, format string, args ...any) {
	v.code = max(v.code, code)
	v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
}

func (v verdict) word() string {
	return [...]string{exitDone: "OK", exitWarning: "WARNING", exitCritical: "CRITICAL", exitUnknown: "UNKNOWN"}[v.code]
}

// line is the first line of a plugin's output. What stands behind the bar is for
// machines, so that there may be none before.
func (v verdict) line(data string) string {
	text := "TOCSIN " + v.word() + " - " + strings.ReplaceAll(prose.OneLine(strings.Join(v.reasons, "; ")), "|", "/")
	if data != "" {
		text += " | " + data
	}
	return text
}

// judge says how the cluster and the endpoints stand, and how many of them in
// which state. Of one endpoint it leaves out what endangers the cluster one day,
// and notifications, which may be those of another.
func judge(status api.Status, one bool) (v verdict, data string) {
	names := map[health.Status][]string{}
	var blind []string
	for _, e := range status.Endpoints {
		names[e.State] = append(names[e.State], screen.Clean(e.Key))
		if e.Blind != "" {
			blind = append(blind, fmt.Sprintf("%s (%s)", screen.Clean(e.Key), screen.Clean(e.Blind)))
		}
	}
	all, down, unknown := len(status.Endpoints), names[health.Down], names[health.Unknown]
	f := footing.Of(status.Cluster)
	if len(down) > 0 {
		v.add(exitCritical, "DOWN: %s", few(down))
	}
	if !f.Decides {
		v.add(exitCritical, "%s", strings.TrimSuffix(f.Lacks[0], "."))
	}
	if n := status.Cluster.GivenUp; n > 0 && !one {
		v.add(exitCritical, "given up: %s", unattended(n))
	}
	if len(unknown) > 0 {
		v.add(exitWarning, "UNKNOWN: %s", few(unknown))
	}
	if len(blind) > 0 {
		v.add(exitWarning, "nobody can judge %s", few(blind))
	}
	// That of blind endpoints may be about others than those that were asked for.
	warnings := slices.DeleteFunc(slices.Clone(status.Cluster.Warnings), func(w api.Warning) bool { return w.Code == api.WarnBlind })
	if len(warnings) > 0 && !one {
		v.add(exitWarning, "%s", screen.Clean(warnings[0].Text))
	}
	if len(v.reasons) == 0 {
		v.add(exitDone, "%d of %d endpoints UP", len(names[health.Up]), all)
	}
	heard := 0
	for _, o := range status.Cluster.Observers {
		if o.Fresh {
			heard++
		}
	}
	data = fmt.Sprintf("up=%d;;;0;%d down=%d;;0;0;%d unknown=%d;0;;0;%d blind=%d;0;;0;%d heard=%d;;%d:;0;%d",
		len(names[health.Up]), all, len(down), all, len(unknown), all, len(blind), all, heard, f.Votes.Needed, len(status.Cluster.Observers))
	return v, data
}

// few names the first ones, and counts the rest.
func few(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

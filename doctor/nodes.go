package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/fsm"
	"tocsin/prose"
)

// scripts: who lacks a script that is needed there.
func scripts(f Facts) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		for _, s := range a.Report.Scripts {
			if s.Problem == "" {
				continue
			}
			text, remedy, _ := strings.Cut(s.Problem, ": ")
			one := Finding{
				Severity: Critical, Subject: "scripts", Node: a.Node,
				Text: sentence(text) + fmt.Sprintf(" %s %s.", counted(s.Endpoints), s.Name), Remedy: remedy,
			}
			if s.Endpoints == 0 {
				one.Severity, one.Text = Warning, sentence(text)+fmt.Sprintf(" New endpoints need %s, unless they say otherwise.", s.Name)
			}
			all = append(all, one)
		}
	}
	return f.orWell(all, "scripts", "Every node has the scripts that the endpoints need.")
}

// canaries: who would not notice that it is cut off.
func canaries(f Facts) []Finding {
	var all []Finding
	var without []string
	for _, a := range f.heardFrom() {
		switch {
		case a.Report.CanariesSilent:
			all = append(all, Finding{
				Severity: Warning, Subject: "canaries", Node: a.Node, Text: "None of its canaries answers, so it abstains.",
				Remedy: "see what cuts it off from them, or whether the addresses under canary are still right",
			})
		case a.Report.Canaries == 0:
			without = append(without, a.Node)
		}
	}
	if len(without) > 0 {
		all = append(all, Finding{
			Severity: Info, Subject: "canaries", Text: fmt.Sprintf("%s %s no canary: what is unreachable from there alone looks DOWN there.", prose.And(without), verb(without, "has", "have")),
			Remedy: "name addresses that are always reachable from there, such as the gateway: canary in the configuration file",
		})
	}
	return f.orWell(all, "canaries", "Canaries answer at every node.")
}

// smallRoom is what is left on a disk when somebody should know, in bytes.
const smallRoom = 1 << 30

// room: whose disk is nearly full.
func room(f Facts) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		bytes := a.Report.RoomBytes
		switch {
		case bytes == nil:
			all = append(all, Finding{Severity: Info, Subject: "disk", Node: a.Node, Text: "It can't tell how much room there is on the disk of its data directory."})
		case a.Report.LittleRoom:
			all = append(all, Finding{
				Severity: Critical, Subject: "disk", Node: a.Node, Text: fmt.Sprintf("Only %d MiB are left on the disk of its data directory.", *bytes>>20),
				Remedy: "make room there, before it can write no more",
			})
		case *bytes < smallRoom:
			all = append(all, Finding{
				Severity: Warning, Subject: "disk", Node: a.Node, Text: fmt.Sprintf("%d MiB are left on the disk of its data directory.", *bytes>>20),
				Remedy: "see what fills it",
			})
		}
	}
	return f.orWell(all, "disk", "There is room on the disks of the data directories.")
}

// versions: who runs another build, and who reads less of the log.
func versions(f Facts) []Finding {
	by := map[string][]string{}
	var least, most fsm.Protocol
	var behind []string
	for i, o := range f.Status.Cluster.Observers {
		by[o.Version] = append(by[o.Version], o.Node)
		if i == 0 || o.Protocol < least {
			least, behind = o.Protocol, nil
		}
		if o.Protocol == least {
			behind = append(behind, o.Node)
		}
		most = max(most, o.Protocol)
	}
	var all []Finding
	if len(by) > 1 {
		var parts []string
		for _, version := range slices.Sorted(maps.Keys(by)) {
			parts = append(parts, fmt.Sprintf("%s on %s", version, prose.And(by[version])))
		}
		all = append(all, Finding{
			Severity: Warning, Subject: "versions", Text: fmt.Sprintf("%d versions run: %s.", len(by), strings.Join(parts, "; ")),
			Remedy: "finish the upgrade, as docs/upgrading.md tells",
		})
	}
	if least < most {
		all = append(all, Finding{
			Severity: Info, Subject: "versions",
			Text: fmt.Sprintf("%s %s protocol %d of the log, others %d: what is new is refused until all read it.", prose.And(behind), verb(behind, "reads", "read"), least, most),
		})
	}
	return orWell(all, "versions", "All nodes run the same version.")
}

// clockSlack is how far apart clocks are when somebody might wonder.
const clockSlack = time.Second

// clocks: whose clock is far from ours. No decision compares clocks, and when
// pauses and windows begin and end people have to judge: so this is only told.
func clocks(f Facts) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		far := max(a.Skew, -a.Skew) - a.Within
		if far < clockSlack {
			continue
		}
		side := "ahead of"
		if a.Skew < 0 {
			side = "behind"
		}
		all = append(all, Finding{
			Severity: Info, Subject: "clock", Node: a.Node,
			Text:   fmt.Sprintf("Its clock is %v %s that of this machine (give or take %v). No decision compares clocks: only the times that people read are off and, where it leads, when pauses and maintenance windows begin and end.", max(a.Skew, -a.Skew).Round(100*time.Millisecond), side, a.Within.Round(time.Millisecond)),
			Remedy: "synchronise it (NTP), so that its log can be read beside the others'",
		})
	}
	return f.orWell(all, "clock", "The clocks of the nodes and of this machine agree within a second.")
}

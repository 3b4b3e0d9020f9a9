package doctor

import (
	"fmt"
	"strings"

	"tocsin/api"
	"tocsin/prose"
)

// What can be said where nobody knows the state of the cluster, from what each node
// knows of itself.

// untold: that nobody tells of the cluster, and why.
func untold(f Facts) []Finding {
	text, remedy, _ := strings.Cut(f.Untold, "; if ")
	if remedy != "" {
		remedy = "if " + remedy
	}
	return []Finding{{Severity: Critical, Subject: "cluster", Text: "Nobody tells what the cluster holds: " + strings.TrimSuffix(text, ".") + ".", Remedy: remedy}}
}

// voters: whom raft needs for a majority, and who of them is not there, as each node
// has it on its disk and in its gossip.
func voters(f Facts) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		if a.Members == nil {
			continue
		}
		var known, here, away []string
		for _, m := range a.Members.Members {
			if m.InRaft != api.Voter {
				continue
			}
			known = append(known, m.Node)
			if m.InGossip == api.Alive {
				here = append(here, m.Node)
			} else {
				away = append(away, fmt.Sprintf("%s (raft %s)", m.Node, m.Raft))
			}
		}
		if len(known) == 0 {
			continue
		}
		majority := len(known)/2 + 1
		one := Finding{Severity: Critical, Subject: "voters", Node: a.Node}
		one.Text = fmt.Sprintf("%d vote in raft, as far as it knows (%s), and a majority is %d. Its gossip reaches %s.", len(known), prose.And(known), majority, orNone(here))
		switch {
		case len(here) >= majority:
			one.Severity = Warning
			one.Remedy = "enough are there: an election takes seconds; if it stays so, see whether TCP reaches their raft addresses, and their logs"
		default:
			one.Remedy = fmt.Sprintf("start the agents of %s, or open the way to there", prose.And(away))
		}
		all = append(all, one)
	}
	return all
}

// orNone is the names in a sentence, or that there are none.
func orNone(names []string) string {
	if len(names) == 0 {
		return "none of them"
	}
	return prose.And(names)
}

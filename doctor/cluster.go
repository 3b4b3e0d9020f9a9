package doctor

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/api"
	"tocsin/footing"
	"tocsin/prose"
)

// decides: can anything be decided, and what would stop it?
func decides(f Facts) []Finding {
	const subject = "quorum"
	c := f.Status.Cluster
	standing := footing.Of(c)
	if !standing.Decides {
		last := len(standing.Lacks) - 1
		text, remedy := strings.Join(standing.Lacks, " "), ""
		if last > 0 {
			text, remedy = strings.Join(standing.Lacks[:last], " "), standing.Lacks[last]
		}
		return []Finding{{Severity: Critical, Subject: subject, Text: text, Remedy: remedy}}
	}
	text := strings.Join(standing.Sentences(), " ")
	fragile := len(standing.CriticalNodes)+len(standing.CriticalSites) > 0
	if !fragile || warnsOf(c, api.WarnFewVoters) || warnsOf(c, api.WarnSiteMajority) {
		return allWell(subject, "The cluster can decide. "+text)
	}
	return []Finding{{Severity: Warning, Subject: subject, Text: "The cluster can decide. " + text, Remedy: "\"tocsin quorum check\" shows the figures"}}
}

func warnsOf(c api.Cluster, code api.WarningCode) bool {
	return slices.ContainsFunc(c.Warnings, func(w api.Warning) bool { return w.Code == code })
}

// warned: what the node that was asked warns of by itself.
func warned(f Facts) []Finding {
	var all []Finding
	for _, w := range f.Status.Cluster.Warnings {
		if w.Code == api.WarnBlind {
			continue // see judged
		}
		text, remedy, _ := strings.Cut(w.Text, "; ")
		if w.Code == api.WarnSilent && f.rings().Part(f.Status.Cluster.Node, w.Node) {
			remedy = keysExplain
		}
		subject := "members"
		if w.Code == api.WarnUnreadableWindow {
			subject = "maintenance"
		}
		all = append(all, Finding{Severity: Warning, Subject: subject, Node: w.Node, Text: sentence(text), Remedy: remedy})
	}
	return orWell(all, "members", "Raft, the gossip and the cluster's state agree on who belongs to it.")
}

// judged: is there an endpoint that nobody can judge, whatever its state says?
func judged(f Facts) []Finding {
	const subject = "checks"
	var all []Finding
	for _, w := range f.Status.Cluster.Warnings {
		if w.Code == api.WarnBlind {
			text, remedy, _ := strings.Cut(w.Text, "; ")
			all = append(all, Finding{Severity: Warning, Subject: subject, Text: sentence(text), Remedy: remedy})
		}
	}
	return orWell(all, subject, "Enough nodes can judge every endpoint.")
}

// votes reports whether the ballots of that node count.
func (f Facts) votes(node string) bool {
	return slices.ContainsFunc(f.Status.Cluster.Observers, func(o api.Observer) bool { return o.Node == node && o.Fresh })
}

// heard: who does not hear whom. That nobody hears a node is told once. Where their
// keys part two nodes, no port has to be opened.
func heard(f Facts) []Finding {
	var all []Finding
	rings := f.rings()
	for _, o := range f.Status.Cluster.Observers {
		var by, deaf, parted []string
		for _, a := range f.heardFrom() {
			if a.Node == o.Node || a.Members == nil {
				continue
			}
			switch {
			case hears(*a.Members, o.Node):
				by = append(by, a.Node)
			case rings.Part(a.Node, o.Node):
				parted = append(parted, a.Node)
			default:
				deaf = append(deaf, a.Node)
			}
		}
		if len(parted) > 0 {
			all = append(all, Finding{
				Severity: Info, Subject: "gossip", Node: o.Node, Text: fmt.Sprintf("%s %s not hear it.", prose.And(parted), verb(parted, "does", "do")),
				Remedy: keysExplain,
			})
		}
		switch {
		case len(deaf) == 0:
		case len(by)+len(parted) == 0:
			all = append(all, Finding{
				Severity: Warning, Subject: "gossip", Node: o.Node, Text: "Nobody hears it, so that it votes for nothing, and it counts in the quorum.",
				Remedy: fmt.Sprintf("start it, and see that TCP and UDP reach %s", o.Gossip),
			})
		default:
			text := fmt.Sprintf("%s %s not hear it.", prose.And(deaf), verb(deaf, "does", "do"))
			if len(by) > 0 {
				text = fmt.Sprintf("%s %s not hear it, and %s %s.", prose.And(deaf), verb(deaf, "does", "do"), prose.And(by), verb(by, "does", "do"))
			}
			all = append(all, Finding{
				Severity: Warning, Subject: "gossip", Node: o.Node, Text: text,
				Remedy: fmt.Sprintf("open TCP and UDP to %s from there, and back", o.Gossip),
			})
		}
	}
	return f.orWell(all, "gossip", "Every node that answers hears every other one.")
}

func hears(m api.Members, node string) bool {
	return slices.ContainsFunc(m.Members, func(member api.Member) bool { return member.Node == node && member.Fresh })
}

// answers: who can't be asked from here.
func answers(f Facts) []Finding {
	var all []Finding
	refused := false
	for _, a := range f.Answers {
		if a.Refused != nil {
			refused = true // told under certificates
			continue
		}
		if a.Silent != "" {
			all = append(all, Finding{
				Severity: Warning, Subject: "answers", Node: a.Node, Text: fmt.Sprintf("It does not answer here at %s: %s.", a.Address, strings.TrimSuffix(a.Silent, ".")),
				Remedy: f.wake(a),
			})
		}
	}
	if refused {
		return all
	}
	return orWell(all, "answers", "All nodes answer here.")
}

// wake says what to do about a node that does not answer.
func (f Facts) wake(a Answer) string {
	switch a.Silence {
	case NotRunning:
		return "nothing listens there: see why its agent does not run, and start it"
	case Hanging:
		return "it takes connections and gives no answer: its process hangs or was stopped, or its machine has too much to do; look at its log and start it again"
	case Declined:
		return "see what answers there, and why not with that"
	}
	if f.votes(a.Node) {
		return "it is heard, so it is the way from here to there: ask from another machine, or open the port"
	}
	return "see whether its machine is up; if it runs, it is the way from here to there: ask from another machine, or open the port"
}

// ready: who says of itself that it does not do its duty.
func ready(f Facts) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		for _, problem := range a.Report.Problems {
			if slices.ContainsFunc(a.Report.Concerns, func(c api.Concern) bool { return c.String() == problem }) {
				continue // told under its own subject
			}
			text, remedy, _ := strings.Cut(problem, "; ")
			all = append(all, Finding{Severity: Critical, Subject: "ready", Node: a.Node, Text: sentence(text), Remedy: remedy})
		}
	}
	return f.orWell(all, "ready", "Every node that answers does its duty.")
}

// unattended: notifications that were given up, and that nobody has seen to.
func unattended(f Facts) []Finding {
	const subject = "notifications"
	n := f.Status.Cluster.GivenUp
	if n == 0 {
		return allWell(subject, "No notification was given up that nobody has seen to.")
	}
	text := fmt.Sprintf("%d notifications were given up, and nobody has seen to them: their machines go on as before the event.", n)
	if n == 1 {
		text = "One notification was given up, and nobody has seen to it: its machine goes on as before the event."
	}
	return []Finding{{
		Severity: Critical, Subject: subject, Text: text,
		Remedy: "\"tocsin notifications list --state gave-up\" shows what the script said; mend the cause and run it again (\"tocsin notifications retry\"), or do by hand what it should have done and say so (\"tocsin notifications ack\")",
	}}
}

// sites: where the nodes stand.
func sites(f Facts) []Finding {
	at := map[string][]string{}
	for _, o := range f.Status.Cluster.Observers {
		at[o.Site] = append(at[o.Site], o.Node)
	}
	if unnamed := at[""]; len(unnamed) > 0 && len(at) > 1 {
		return []Finding{{
			Severity: Warning, Subject: "sites", Text: fmt.Sprintf("%s %s no site, which counts as a site of its own.", prose.And(unnamed), verb(unnamed, "names", "name")),
			Remedy: "give each node the --site where it stands",
		}}
	}
	if len(at) == 1 && len(f.Status.Cluster.Observers) > 1 {
		return []Finding{{
			Severity: Info, Subject: "sites", Text: "All nodes stand at one site, or name none: whatever takes that site takes the cluster.",
			Remedy: "with nodes at three sites any one of them may be lost; --site names it",
		}}
	}
	return allWell("sites", fmt.Sprintf("The nodes stand at %d sites.", max(len(at), 1)))
}

// sentence makes one of what began as a part of a line. A name stays as it is.
func sentence(text string) string {
	text = strings.TrimSuffix(text, ".")
	word, _, _ := strings.Cut(text, " ")
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return text + "."
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// counted says how many endpoints: "1 endpoint needs", "2 endpoints need".
func counted(n int) string {
	if n == 1 {
		return "1 endpoint needs"
	}
	return fmt.Sprintf("%d endpoints need", n)
}

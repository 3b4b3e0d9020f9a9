package doctor

import (
	"cmp"
	"fmt"

	"tocsin/prose"
)

// Examine says what is wrong, and what is as it should be.
func Examine(f Facts) Report {
	if f.Untold != "" {
		return examine(f, untold, voters, answers, ready, canaries, room, gossipKeys, clocks, ports, packets, files, certificates, audited)
	}
	return examine(
		f,
		decides, warned, heard, answers, ready, // is the cluster there, and whole?
		judged,                              // can they see what they watch?
		unattended,                          // was everybody told?
		scripts, canaries, room, gossipKeys, // can each node do its work?
		versions, clocks, sites,
		ports, packets, files, // on this machine
		certificates, audited, // as each node says, and the files here
	)
}

func examine(f Facts, subjects ...func(Facts) []Finding) Report {
	var all []Finding
	for _, subject := range subjects {
		all = append(all, subject(f)...)
	}
	return reportOf(all)
}

// allWell is a finding that there is nothing to find.
func allWell(subject, text string) []Finding {
	return []Finding{{Severity: OK, Subject: subject, Text: text}}
}

// orWell returns found, or that all is well if that is nothing.
func orWell(found []Finding, subject, text string) []Finding {
	if len(found) == 0 {
		return allWell(subject, text)
	}
	return found
}

// orWell is the function of that name for what every node was asked: of those that
// gave no answer nothing is said to be well.
func (f Facts) orWell(found []Finding, subject, text string) []Finding {
	if len(found) > 0 {
		return found
	}
	well := Finding{Severity: OK, Subject: subject, Text: text}
	for _, a := range f.Answers {
		if a.Silent != "" {
			well.Unexamined = append(well.Unexamined, cmp.Or(a.Node, a.Address))
		}
	}
	if len(well.Unexamined) > 0 {
		well.Text += fmt.Sprintf(" Not examined: %s.", prose.And(well.Unexamined))
	}
	return []Finding{well}
}

// heardFrom returns the answers of those that gave one.
func (f Facts) heardFrom() []Answer {
	var all []Answer
	for _, a := range f.Answers {
		if a.Silent == "" {
			all = append(all, a)
		}
	}
	return all
}

// verb returns the form of a verb that goes with so many names.
func verb(names []string, one, several string) string {
	return prose.Plural(len(names), one, several)
}

package doctor

import (
	"fmt"
	"slices"
)

// Severity says how much a finding matters.
type Severity uint8

// The severities, from the least.
const (
	OK       Severity = iota // as it should be
	Info                     // good to know, and nothing to do
	Warning                  // to be seen to, before it hurts
	Critical                 // it hurts: something is not checked, decided or notified
)

// String returns ok, info, warning or critical.
func (s Severity) String() string {
	return [...]string{"ok", "info", "warning", "critical"}[min(s, Critical)]
}

// MarshalText writes it as String does.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	for known := OK; known <= Critical; known++ {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("severity %.40q is none of ok, info, warning, critical", text)
}

// Finding is one thing that was found.
type Finding struct {
	Severity Severity `json:"severity"`
	// Subject is a word for what was looked at, and never changes its meaning.
	Subject string `json:"subject"`
	// Node is whom it is about, "" if it is about all.
	Node string `json:"node,omitempty"`
	Text string `json:"text"`
	// Remedy says what to do; it is empty where there is nothing to do.
	Remedy string `json:"remedy,omitempty"`
	// Unexamined are the nodes that nothing was learned of, because they did not
	// answer: what is OK is so for the others.
	Unexamined []string `json:"unexamined,omitempty"`
}

// Report is what came of an examination.
type Report struct {
	// Severity is that of the worst finding.
	Severity Severity `json:"severity"`
	// Findings are in the order of severity, the worst first.
	Findings []Finding `json:"findings"`
}

// reportOf sorts findings; those of one severity stay in their order.
func reportOf(findings []Finding) Report {
	slices.SortStableFunc(findings, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) })
	r := Report{Findings: findings}
	if len(findings) > 0 {
		r.Severity = findings[0].Severity
	}
	return r
}

package quorum

import (
	"fmt"
	"strings"
	"time"

	"tocsin/fsm"
)

// maxEvidence bounds how many votes a line of the log names one by one.
const maxEvidence = 25

// Evidence writes in a line what event was decided by: who voted what, and how
// old that was or why it did not count, or by whose will.
func Evidence(event *fsm.Event) string {
	if m := event.Manual; m != nil {
		return fmt.Sprintf("by hand: %s", strings.TrimPrefix(m.By+": "+m.Reason, ": "))
	}
	return evidence(event.Votes)
}

// evidence writes votes as a line of the log does: who said what, and how old
// that was, or why it did not count.
func evidence(votes []fsm.Vote) string {
	said := make([]string, len(votes))
	for i, v := range votes {
		if v.Excluded != "" {
			said[i] = fmt.Sprintf("%s: %s", v.Node, v.Excluded)
		} else {
			said[i] = fmt.Sprintf("%s: %v %v ago", v.Node, v.Verdict, time.Duration(v.Age).Round(time.Millisecond))
		}
	}
	return list(said, maxEvidence)
}

package warning

import (
	"fmt"

	"tocsin/api"
	"tocsin/prose"
	"tocsin/quorum"
)

// Blind warns of endpoints that too few observers can judge. They have lasted
// already: no other measure of time is put on them.
func Blind(b quorum.Blindness) []api.Warning {
	if b.Count() == 0 {
		return nil
	}
	names, it := b.Named, "it"
	if more := b.Count() - len(names); more > 0 {
		names = append(names[:len(names):len(names)], fmt.Sprintf("%d more", more))
	}
	if len(names) > 1 {
		it = "them"
	}
	text := fmt.Sprintf("nothing is decided about %s, for too few nodes can judge %s", prose.And(names), it)
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	return []api.Warning{{Code: api.WarnBlind, Text: text + fmt.Sprintf(
		"; \"tocsin why %s\" shows what each node saw: mend the check, or what keeps the nodes from voting", b.Named[0])}}
}

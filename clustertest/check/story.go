package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lengths of a story.
const (
	storyBefore = 3 * time.Minute
	storyLines  = 120
)

// Story tells what happened around a violation: what concerns its key and its
// node, and the faults.
func (h *History) Story(v Violation) string {
	var lines []line
	from := v.At - storyBefore
	if v.At == h.Final.At {
		from = 0 // what led to it may have been long ago
	}
	tell := func(at time.Duration, key, node, format string, args ...any) {
		if at < from || at > v.At+time.Second || key != "" && v.Key != "" && key != v.Key || node != "" && v.Node != "" && node != v.Node {
			return
		}
		lines = append(lines, line{at, fmt.Sprintf(format, args...)})
	}
	h.tell(tell)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	if cut := len(lines) - storyLines; cut > 0 {
		lines = lines[cut:]
	}
	var story strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&story, "%12v  %s\n", l.at.Round(time.Millisecond), l.text)
	}
	return story.String()
}

type line struct {
	at   time.Duration
	text string
}

func (h *History) tell(tell func(at time.Duration, key, node, format string, args ...any)) {
	for _, f := range h.Faults {
		tell(f.At, "", "", "FAULT %s", f.What)
	}
	for _, l := range h.Lives {
		tell(l.From, "", l.Node, "%s starts, life %d, epoch %d, fresh %v", l.Node, l.Number, l.Epoch, l.Fresh)
		if l.To != 0 {
			tell(l.To, "", l.Node, "%s ends, life %d, killed %v", l.Node, l.Number, l.Killed)
		}
	}
	for _, t := range h.Terms {
		tell(t.At, "", "", "%s leads in term %d", t.Node, t.Number)
	}
	for _, t := range h.tenures() {
		tell(t.from, t.key, "", "entry %d: %s has value %s, generation %d", t.fromIndex, t.key, t.value, t.generation)
		if t.deleted {
			tell(t.to, t.key, "", "entry %d: %s is deleted", t.toIndex, t.key)
		}
	}
	for _, e := range h.Events {
		tell(e.At, e.Key, "", "event %d: %s %v→%v seq %d gen %d baseline %v, decided %v ago by %s in term %d, votes %s", e.ID, e.Key, e.From, e.To, e.Sequence, e.Generation, e.Baseline, e.At-h.at(e), e.Leader, e.Term, votes(e))
	}
	for _, r := range h.Runs {
		tell(r.From, r.Key, r.Node, "%s runs event %d of %s (%v) as %s, attempt %d, life %d", r.Node, r.Event, r.Key, r.To, r.Role, r.Attempt, r.Life)
		if r.End != 0 {
			tell(r.End, r.Key, r.Node, "%s ended event %d of %s, attempt %d: exit %d, cut %v", r.Node, r.Event, r.Key, r.Attempt, r.Exit, r.Cut)
		}
	}
	for _, e := range h.Endings {
		tell(e.At, e.Key, e.Node, "%s says that event %d of %s ended: %s as %s after attempt %d", e.Node, e.Event, e.Key, e.Ending, e.Role, e.Attempt)
	}
	for _, g := range h.Gaps {
		tell(g.At, "", g.Node, "%s reports a gap between %d and %d", g.Node, g.After, g.Before)
	}
	for _, s := range h.Sights {
		tell(s.At, "", s.Node, "%s sees %s %v", s.Node, s.Target, s.Status)
	}
	for _, w := range h.Writes {
		tell(w.To, keyOf(w.Command), "", "client %d through %s since %v: %s → entry %d changed %v %s%s", w.Client, w.Node, w.From, asJSON(w.Command), w.Index, w.Changed, w.Refused, w.Err)
	}
	for _, r := range h.Ready {
		tell(r.At, "", r.Node, "%s ready %v %v", r.Node, r.Ready, r.Problems)
	}
}

func votes(e Event) string {
	var words []string
	for _, v := range e.Votes {
		word := fmt.Sprintf("%s:%v(%v)", v.Node, v.Verdict, v.Age)
		if v.Excluded != "" {
			word = fmt.Sprintf("%s:[%s]", v.Node, v.Excluded)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// difference returns the first lines that differ.
func difference(have, want string) string {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		x, y := "", ""
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			fmt.Fprintf(&out, "- %s\n+ %s\n", x, y)
			if out.Len() > 2000 {
				break
			}
		}
	}
	return out.String()
}

package gossipdb

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/health"
)

// maxRecent is how many reasons a page keeps, so that when the newest changes
// are UP again the ballot can give those of older ones.
const maxRecent = 64

// recent holds the reasons of the slots of a page that are not UP, the newest
// change last.
type recent []Reason

// after returns the reasons after a vote, which may have changed the verdict.
// A reason given again for the verdict it was before keeps its place: it is no
// newer change.
func (r recent) after(v Vote, changed bool) recent {
	text := tidy(v.Reason)
	at := slices.IndexFunc(r, func(old Reason) bool { return old.Slot == v.Slot })
	switch {
	case v.Verdict == health.Down && !changed && text == "":
		return r
	case v.Verdict == health.Up || text == "":
		return r.without(at)
	case at >= 0 && !changed:
		r[at].Text = text
		return r
	}
	r = r.without(at)
	if len(r) == maxRecent {
		r = slices.Delete(r, 0, 1)
	}
	return append(r, Reason{Slot: v.Slot, Text: text})
}

func (r recent) without(at int) recent {
	if at < 0 {
		return r
	}
	return slices.Delete(r, at, at+1)
}

// newest returns the reasons a ballot carries, in order of slots.
func (r recent) newest() []Reason {
	newest := slices.Clone(r[max(0, len(r)-MaxReasons):])
	slices.SortFunc(newest, func(a, b Reason) int { return cmp.Compare(a.Slot, b.Slot) })
	return newest
}

// tidy makes text fit a ballot: plain, one line, cut between two runes.
func tidy(text string) string {
	if len(text) > MaxReason {
		cut := MaxReason
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	text = strings.ToValidUTF8(text, "?")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
}

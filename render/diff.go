package render

import (
	"fmt"
	"slices"
	"strings"
)

// around is how many lines are shown before and behind what differs.
const around = 3

// diff shows how new differs from old: what both have at their beginnings and
// ends is left out but for a few lines, and between stands all of the old one and
// then all of the new one. It is "" if they are the same.
func diff(name string, old, new []byte) string {
	if string(old) == string(new) {
		return ""
	}
	a, b := lines(old), lines(new)
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	tail := 0
	for tail < min(len(a), len(b))-same && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	from, behind := max(0, same-around), min(tail, around)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %[1]s\n", name)
	fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", from+1, len(a)-tail+behind-from, from+1, len(b)-tail+behind-from)
	write := func(mark string, lines []string) {
		for _, line := range lines {
			out.WriteString(mark + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	write(" ", a[from:same])
	write("-", a[same:len(a)-tail])
	write("+", b[same:len(b)-tail])
	write(" ", a[len(a)-tail:len(a)-tail+behind])
	return out.String()
}

func lines(text []byte) []string { return slices.Collect(strings.Lines(string(text))) }

// Package prose puts names and numbers into sentences, and lines into one. It is pure functions, which anybody
// may call at any time.
package prose

import "strings"

// And puts names behind each other: "a, b and c".
func And(names []string) string { return joined(names, " and ") }

// Or does the same with another word: "a, b or c".
func Or(names []string) string { return joined(names, " or ") }

func joined(names []string, last string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + last + names[n-1]
	}
	return strings.Join(names, "")
}

// Plural returns one where n is 1, and several otherwise: what goes with a number.
func Plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// OneLine puts lines behind each other: "a; b".
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReason is the most bytes of a Reason.
const maxReason = 256

const ellipsis = "…"

// beginning makes a reason out of text: one line, valid UTF-8, cut at its end
// if it is too long.
func beginning(text string) string {
	text = oneLine(text[:min(len(text), 4*maxReason)])
	if len(text) <= maxReason {
		return text
	}
	cut := maxReason - len(ellipsis)
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}

// ending returns the end of text as one line of at most limit bytes. It is
// what a program said last that tells why it gave up.
func ending(text string, limit int) string {
	text = oneLine(text[max(0, len(text)-4*maxReason):])
	if len(text) <= limit {
		return text
	}
	cut := len(text) - limit + len(ellipsis)
	for cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut++
	}
	return ellipsis + text[cut:]
}

// oneLine replaces what is no printable text, and every row of blanks, with
// one blank.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(text), " ")
}

// firstLine returns the first line of text that is not blank, without blanks
// around it.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

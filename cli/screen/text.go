package screen

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Clean takes from text what could move the cursor or break the table: keys,
// values and reasons come from other people.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// Cut shortens text to at most so many columns.
func Cut(text string, columns int) string {
	if Columns(text) <= columns {
		return text
	}
	head, _ := split(text, columns-1)
	return head + "…"
}

// Pad makes text at least so many columns wide.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(columns-Columns(text), 0))
}

// Dash is text made clean, or a dash where there is none.
func Dash(text string) string {
	if text == "" {
		return "-"
	}
	return Clean(text)
}

// Wrap breaks text into lines of at most so many columns, between words.
func Wrap(text string, columns int) []string {
	lines, used := []string{""}, 0
	for word := range strings.FieldsSeq(text) {
		last, wide := &lines[len(lines)-1], Columns(word)
		switch {
		case *last == "":
			*last, used = word, wide
		case used+1+wide <= columns:
			*last, used = *last+" "+word, used+1+wide
		default:
			lines, used = append(lines, word), wide
		}
	}
	return lines
}

// broken breaks text into lines of at most so many columns, between words if they
// are not longer than that themselves.
func broken(text string, columns int) []string {
	var lines []string
	for _, line := range Wrap(text, columns) {
		for Columns(line) > columns {
			var head string
			head, line = split(line, columns)
			lines = append(lines, head)
		}
		lines = append(lines, line)
	}
	return lines
}

// split returns as much of text as so many columns hold, one character at least,
// and the rest.
func split(text string, columns int) (head, rest string) {
	used := 0
	for at, r := range text {
		if used += columnsOf(r); used > columns && at > 0 {
			return text[:at], text[at:]
		}
	}
	return text, ""
}

var colourCode = regexp.MustCompile("\x1b\\[[0-9]+m")

// Columns is how many columns of a terminal text takes. Colours take none.
func Columns(text string) (n int) {
	for _, r := range colourCode.ReplaceAllString(text, "") {
		n += columnsOf(r)
	}
	return n
}

// columnsOf is how many columns one character takes: what is written over the one
// before it none, those of East Asia and pictures two.
func columnsOf(r rune) int {
	if r < unicode.MaxLatin1 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

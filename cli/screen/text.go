package screen

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
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

// Cut shortens text to at most width characters.
func Cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

// Dash is text made clean, or a dash where there is none.
func Dash(text string) string {
	if text == "" {
		return "-"
	}
	return Clean(text)
}

// Wrap breaks text into lines of at most width, between words.
func Wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// broken breaks text into lines of at most width, between words if they are not
// longer than that themselves.
func broken(text string, width int) []string {
	var lines []string
	for _, line := range Wrap(text, width) {
		for rest := []rune(line); ; rest = rest[width:] {
			if len(rest) <= width {
				lines = append(lines, string(rest))
				break
			}
			lines = append(lines, string(rest[:width]))
		}
	}
	return lines
}

var colourCode = regexp.MustCompile("\x1b\\[[0-9]+m")

// Visible is how many characters of text are seen.
func Visible(text string) int {
	return utf8.RuneCountInString(colourCode.ReplaceAllString(text, ""))
}

package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// sampleWidth is how wide the lines of a sample are, in characters.
const sampleWidth = 79

// Sample returns a file that says nothing but what the defaults are, with a
// word about each: every name is there behind a "#" that can be taken away. t
// must be fresh. intro stands on top.
func (t Table) Sample(intro string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(intro, "\n") {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	section := ""
	for _, g := range t {
		options := g.inFile()
		if len(options) == 0 {
			continue
		}
		if g.Words != "" {
			b.WriteString("\n")
			for _, line := range wrap(g.Words, sampleWidth-2) {
				fmt.Fprintf(&b, "# %s\n", line)
			}
		}
		if g.Section != section {
			section = g.Section
			if g.Words == "" {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%s:\n", section)
		}
		indent := ""
		if section != "" {
			indent = "  "
		}
		fmt.Fprintf(&b, "\n%s# ---- %s ----\n", indent, g.Heading)
		for _, o := range options {
			b.WriteString("\n")
			for _, line := range wrap(o.words(), sampleWidth-len(indent)-2) {
				fmt.Fprintf(&b, "%s# %s\n", indent, line)
			}
			fmt.Fprintf(&b, "%s#%s: %s\n", indent, o.key(), o.yaml())
		}
	}
	return b.String()
}

func (g Group) inFile() []Option {
	var options []Option
	for _, o := range g.Options {
		if !o.NoFile {
			options = append(options, o)
		}
	}
	return options
}

// words is what a file or a page says about o: names as they stand in a file.
func (o Option) words() string {
	help := flagInWords.ReplaceAllStringFunc(strings.ReplaceAll(o.Help, "`", ""), func(flag string) string {
		return strings.ReplaceAll(strings.TrimPrefix(flag, "--"), "-", "_")
	})
	first, size := utf8.DecodeRuneInString(help)
	help = strings.ToUpper(string(first)) + help[size:] + "."
	if o.Reload {
		help += " [reload]"
	}
	return help
}

var flagInWords = regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)

// yaml returns the present value as a file has it.
func (o Option) yaml() string {
	text := o.Value.String()
	if !o.Many {
		return scalarOf(text)
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item != "" {
			items = append(items, scalarOf(item))
		}
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// plainText is what YAML takes for nothing but a text, a number or a yes or no.
var plainText = regexp.MustCompile(`^[A-Za-z0-9./_]([A-Za-z0-9./_:-]*[A-Za-z0-9./_-])?$`)

func scalarOf(text string) string {
	if plainText.MatchString(text) && !strings.EqualFold(text, "null") {
		return text
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""` // a string always marshals
	}
	return string(quoted)
}

// wrap breaks text into lines of at most width, between words.
func wrap(text string, width int) []string {
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

//go:build unix

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrapped(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"one", []string{"one"}},
		{"one two", []string{"one two"}},
		{"one two three", []string{"one two", "three"}},
		{"schön übel öd", []string{"schön", "übel öd"}},
		{"indivisible it is", []string{"indivisible", "it is"}},
		{"one\ntwo", []string{"one", "two"}},
	} {
		if got := wrapped(test.text, 8); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestScreenKeepsItsWidth(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out}
	s.open(t.Context(), "A chapter")
	for _, mark := range []string{noted, struck, rung, proved} {
		s.line(mark, "%s", strings.Repeat("many words ", 30))
	}
	s.why("%s", strings.Repeat("many words ", 30))
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are colours that nobody asked for")
	}
}

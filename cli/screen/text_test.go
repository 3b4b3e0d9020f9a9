package screen

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/health"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "日本 語": "日本 語", "a\tb\x1b[2J\n": "a\uFFFDb\uFFFD[2J\uFFFD", "a\u202eb": "a\uFFFDb", "\xff": "\uFFFD",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0s", 1234 * time.Millisecond: "1.2s", 59 * time.Second: "59s", 61 * time.Second: "1m01s",
		time.Hour + time.Minute: "1h01m", 49 * time.Hour: "2d01h",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// TestScreen_Colours holds that colours change nothing about where things are.
func TestScreen_Colours(t *testing.T) {
	rows := func(s *Screen) [][]string {
		return [][]string{{"a", s.Status(health.Up), "x"}, {"b", s.Status(health.Unknown), "y"}, {"c", s.Status(health.Down), "z"}}
	}
	bare, coloured := &Screen{}, &Screen{colours: true}
	bare.Table([]string{"KEY", "STATE", "REST"}, rows(bare))
	coloured.Table([]string{"KEY", "STATE", "REST"}, rows(coloured))
	stripped := coloured.String()
	for _, code := range []string{Green, Red, Yellow, reset} {
		stripped = strings.ReplaceAll(stripped, code, "")
	}
	if stripped != bare.String() {
		t.Errorf("with colours:\n%s\nwithout:\n%s", stripped, bare)
	}
	if !strings.Contains(coloured.String(), Red+"DOWN") || strings.Contains(bare.String(), "\x1b") {
		t.Error("the colours are not where they belong")
	}
	if lines := strings.Split(bare.String(), "\n"); !slices.Contains(lines, "c    DOWN     z") {
		t.Errorf("not aligned:\n%s", bare)
	}
}

func TestCutAndPad_CountColumns(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		cut     string
		padded  string
	}{
		{"abc", 3, "abc", "abc"},
		{"abcd", 3, "ab…", "abcd"},
		{"日本", 4, "日本", "日本"},
		{"日本語", 4, "日…", "日本語"},
		{"日本", 6, "日本", "日本  "},
		{Red + "ab" + reset, 3, Red + "ab" + reset, Red + "ab" + reset + " "},
	} {
		if cut, padded := Cut(c.text, c.columns), Pad(c.text, c.columns); cut != c.cut || padded != c.padded {
			t.Errorf("%q in %d: %q, %q", c.text, c.columns, cut, padded)
		}
	}
}

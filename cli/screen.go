package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"tocsin/health"
)

// screen gathers what a person is to see, and writes it at once.
type screen struct {
	bytes.Buffer
	colours bool
}

func newScreen(to io.Writer) *screen { return &screen{colours: wantsColours(to)} }

func (s *screen) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// The colours.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// paint gives text a colour, where colours are welcome.
func (s *screen) paint(colour, text string) string {
	if !s.colours {
		return text
	}
	return colour + text + reset
}

func (s *screen) status(status health.Status) string {
	switch status {
	case health.Up:
		return s.paint(green, "UP")
	case health.Down:
		return s.paint(red, "DOWN")
	}
	return s.paint(yellow, "UNKNOWN")
}

// clean takes from text what could move the cursor or break the table: keys,
// values and reasons come from other people.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// cut shortens text to at most width characters.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

// ago says how long d is, with the two units that matter.
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// moment is a time of day as people have it on the wall.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

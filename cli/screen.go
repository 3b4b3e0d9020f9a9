package cli

import (
	"bytes"
	"fmt"
	"io"

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

package screen

import (
	"bytes"
	"fmt"
	"io"

	"tocsin/health"
)

// Screen gathers what a person is to see, and writes it at once.
type Screen struct {
	bytes.Buffer
	colours bool
	columns int // of the terminal, 0 if there is none
}

// Width is how many columns a page has where no terminal says how wide it is. No
// text is wider: long lines are hard to read.
const Width = 80

// New returns a screen for what is written to to, a terminal or not.
func New(to io.Writer) *Screen {
	s := &Screen{colours: wantsColours(to)}
	if size := Terminal(to); size != nil {
		s.columns, _ = size()
	}
	return s
}

// textWidth is how wide text may be.
func (s *Screen) textWidth() int {
	if s.columns > 0 {
		return min(s.columns, Width)
	}
	return Width
}

// Line writes one line, however wide it is.
func (s *Screen) Line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// The colours of Paint.
const (
	Green  = "\x1b[32m"
	Red    = "\x1b[31m"
	Yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// Paint gives text a colour, where colours are welcome.
func (s *Screen) Paint(colour, text string) string {
	if !s.colours {
		return text
	}
	return colour + text + reset
}

// Status writes a status in its colour.
func (s *Screen) Status(status health.Status) string {
	switch status {
	case health.Up:
		return s.Paint(Green, "UP")
	case health.Down:
		return s.Paint(Red, "DOWN")
	}
	return s.Paint(Yellow, "UNKNOWN")
}

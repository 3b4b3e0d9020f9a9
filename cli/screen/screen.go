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
}

func New(to io.Writer) *Screen { return &Screen{colours: wantsColours(to)} }

func (s *Screen) Line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// The colours.
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

func (s *Screen) Status(status health.Status) string {
	switch status {
	case health.Up:
		return s.Paint(Green, "UP")
	case health.Down:
		return s.Paint(Red, "DOWN")
	}
	return s.Paint(Yellow, "UNKNOWN")
}

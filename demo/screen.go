//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// width is how many columns a line may have.
const width = 80

// screen prints the story. Its clock starts anew with each chapter, and again
// whenever something is done whose effect is to be measured.
type screen struct {
	out     io.Writer
	colours bool
	// pause is the time a reader gets at the end of a chapter, 0 for none.
	pause   time.Duration
	began   time.Time
	chapter int
	told    map[string]bool // what was printed once in this chapter
}

// The marks in front of a line.
const (
	noted  = " " // something was seen
	struck = "✗" // something was broken on purpose
	rung   = "●" // the cluster has decided
	proved = "✓" // something that had to happen was checked
)

// newScreen prints to out, with colours and time to read if it is a terminal.
func newScreen(out *os.File) *screen {
	s := &screen{out: out}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		s.pause = 1500 * time.Millisecond
		s.colours = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return s
}

// title opens the story.
func (s *screen) title(name, text string) {
	fmt.Fprintf(s.out, "\n  %s\n", s.paint("1", name))
	s.say(2, text)
}

// open begins a chapter and starts the clock. A reader gets the pause first.
func (s *screen) open(ctx context.Context, name string) {
	if s.chapter > 0 {
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
		}
	}
	s.chapter++
	s.told = make(map[string]bool)
	fmt.Fprintf(s.out, "\n  %s\n", s.paint("1", fmt.Sprintf("%d  %s", s.chapter, name)))
	s.restart()
}

// restart starts the clock again.
func (s *screen) restart() { s.began = time.Now() }

// elapsed is the time since the clock was started.
func (s *screen) elapsed() time.Duration { return time.Since(s.began) }

// line prints what happened, with the time on the clock and a mark in front.
func (s *screen) line(mark, format string, args ...any) {
	const indent = 14
	text := wrapped(fmt.Sprintf(format, args...), width-indent)
	colour := map[string]string{struck: "31", rung: "1;33", proved: "32"}[mark]
	for i, part := range text {
		front := strings.Repeat(" ", indent)
		if i == 0 {
			front = s.paint("2", fmt.Sprintf("  %7.1f s", s.elapsed().Seconds())) + "  " + s.paint(colour, mark) + " "
		}
		fmt.Fprintln(s.out, front+s.paint(colour, part))
	}
}

// once prints a line unless this chapter has it already.
func (s *screen) once(mark, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !s.told[text] {
		s.told[text] = true
		s.line(mark, "%s", text)
	}
}

// command prints what a person would type.
func (s *screen) command(words ...string) {
	fmt.Fprintf(s.out, "%14s%s\n", "", s.paint("36", "$ "+strings.Join(words, " ")))
}

// why prints in a few words what a chapter means.
func (s *screen) why(format string, args ...any) { s.say(14, fmt.Sprintf(format, args...)) }

// say prints a paragraph behind indent blanks.
func (s *screen) say(indent int, text string) {
	for _, part := range wrapped(text, width-indent) {
		fmt.Fprintln(s.out, strings.Repeat(" ", indent)+s.paint("2", part))
	}
}

// paint returns text in a colour (the numbers of an SGR sequence; "" for none).
func (s *screen) paint(colour, text string) string {
	if !s.colours || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// wrapped breaks text between words into lines of so many columns at most; a
// longer word has a line of its own. Line breaks in the text stay.
func wrapped(text string, columns int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			switch {
			case line == "":
				line = word
			case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= columns:
				line += " " + word
			default:
				lines = append(lines, line)
				line = word
			}
		}
		lines = append(lines, line)
	}
	return lines
}

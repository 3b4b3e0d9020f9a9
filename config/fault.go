package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fault is what is wrong at one place of a file.
type Fault struct {
	File string
	// Line and Column begin at 1, and columns count characters.
	Line, Column int
	Text         string // of that line
	Problem      string
	// Hidden says that the line is not to be shown: what has no names in it is
	// another file than was meant, and may be one of a token or a key.
	Hidden bool
	// Cause is the error that Problem tells of, nil if it was none.
	Cause error
}

// Error returns it in one line, as compilers do: FILE:LINE:COLUMN: problem.
func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Problem)
}

// Unwrap returns the cause.
func (f Fault) Unwrap() error { return f.Cause }

// widest is how much of a line an excerpt shows, in characters, and before is
// how much of that lies in front of the fault.
const widest, before = 70, 30

// Excerpt returns the line that the fault is in, with a caret below the place,
// for a screen. It ends with a newline. It is "" for a line that is not to be shown.
func (f Fault) Excerpt() string {
	if f.Hidden {
		return ""
	}
	text := []rune(strings.ReplaceAll(f.Text, "\t", " "))
	column := min(max(f.Column, 1), len(text)+1)
	if start := column - 1 - before; len(text) > widest && start > 0 {
		text = append([]rune("…"), text[start+1:]...)
		column -= start
	}
	if len(text) > widest {
		text = append(text[:widest-1], '…')
	}
	for i, r := range text {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			text[i] = '?'
		}
	}
	return fmt.Sprintf("%5d | %s\n      | %s^\n", f.Line, string(text), strings.Repeat(" ", column-1))
}

// Faults are all that is wrong with a file, at least one, in the order of lines.
type Faults []Fault

// Error returns all of them, a line each.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// err returns f as an error, nil if there is no fault.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	f.sort()
	return f
}

func (f Faults) sort() {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

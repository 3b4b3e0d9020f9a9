package config

import "fmt"

// Kind is the kind of place that a value comes from.
type Kind uint8

// The kinds, from the weakest to the strongest.
const (
	Default Kind = iota
	File
	Environment
	Flag
)

// Source is where a value comes from.
type Source struct {
	Kind Kind
	Name string // of the file or the variable
	// Line and Column are where the value stands in a file, from 1.
	Line, Column int
	text         *text
}

// String returns "default", FILE:LINE, the name of the variable, or "flag".
func (s Source) String() string {
	switch s.Kind {
	case File:
		return fmt.Sprintf("%s:%d", s.Name, s.Line)
	case Environment:
		return s.Name
	case Flag:
		return "flag"
	}
	return "default"
}

// fault says that a value from there is wrong.
func (s Source) fault(problem string) Fault {
	return Fault{File: s.Name, Line: s.Line, Column: s.Column, Text: s.text.line(s.Line), Problem: problem}
}

// Package health holds the one word that every other package shares: whether
// something is up, down, or not known to be either.
//
// A sample, a verdict, a vote and the state of an endpoint are all a Status;
// which of them is meant is said by the type or field that carries it.
package health

import "fmt"

// Status is UNKNOWN, UP or DOWN. The zero value is UNKNOWN: whoever has not
// looked does not know. The numbers are the two bits of a ballot and never
// change.
type Status uint8

// The three statuses.
const (
	Unknown Status = 0
	Up      Status = 1
	Down    Status = 2
)

// String returns UNKNOWN, UP or DOWN, the words of the API and of the scripts.
func (s Status) String() string {
	switch s {
	case Unknown:
		return "UNKNOWN"
	case Up:
		return "UP"
	case Down:
		return "DOWN"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Valid reports whether s is one of the three statuses.
func (s Status) Valid() bool { return s <= Down }

// Parse reads UNKNOWN, UP or DOWN, in capitals as they are written.
func Parse(text string) (Status, error) {
	switch text {
	case "UNKNOWN":
		return Unknown, nil
	case "UP":
		return Up, nil
	case "DOWN":
		return Down, nil
	}
	return Unknown, fmt.Errorf("status %q is none of UP, DOWN and UNKNOWN", text)
}

// MarshalText writes the word, so that JSON carries "UP" and not 1.
func (s Status) MarshalText() ([]byte, error) {
	if !s.Valid() {
		return nil, fmt.Errorf("status %d has no name", uint8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

package fsm

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Duration is a time.Duration that JSON writes as people do: "1.5s".
type Duration time.Duration

// String formats d as time.Duration does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes d as time.Duration prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads, and up to 99999 days of 24 hours
// in front of that: "1d", "1d12h".
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := parseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration %.80q is not like 500ms, 10s, 2m or 1d", text)
	}
	*d = Duration(read)
	return nil
}

var inDays = regexp.MustCompile(`^([0-9]{1,5})d([0-9.].*)?$`)

func parseDuration(text string) (time.Duration, error) {
	parts := inDays.FindStringSubmatch(text)
	if parts == nil {
		return time.ParseDuration(text)
	}
	days, err := time.ParseDuration(parts[1] + "h")
	if err != nil || parts[2] == "" {
		return 24 * days, err
	}
	rest, err := time.ParseDuration(parts[2])
	if rest > math.MaxInt64-24*days {
		return 0, errors.New("longer than can be counted")
	}
	return 24*days + rest, err
}

// Check is how an endpoint is verified.
type Check string

// The kinds of check.
const (
	CheckScript Check = "script" // a user's script, by the contract of verification scripts
	CheckNagios Check = "nagios" // any Nagios plugin
	CheckStream Check = "stream" // a script that stays and is asked line by line
	CheckHTTP   Check = "http"   // the value is a URL
	CheckTCP    Check = "tcp"    // the value is host:port
)

// Checks returns all kinds of check.
func Checks() []Check { return []Check{CheckScript, CheckNagios, CheckStream, CheckHTTP, CheckTCP} }

// RunsScript reports whether a check of this kind runs the script that the
// setting verify names.
func (c Check) RunsScript() bool { return c == CheckScript || c == CheckNagios || c == CheckStream }

// Quorum is how many observers must agree: a number, or 0 for a majority.
type Quorum int

// Majority asks for more than half of the observers.
const Majority Quorum = 0

// Of returns the votes needed among n observers. It is never half of them or
// fewer, whatever was asked for: two halves could decide against each other.
func (q Quorum) Of(n int) int { return max(int(q), n/2+1) }

// String writes "majority" or the number.
func (q Quorum) String() string {
	if q == Majority {
		return "majority"
	}
	return strconv.Itoa(int(q))
}

// MarshalText writes what String writes. It refuses what UnmarshalText would
// refuse, so that no such thing gets into an entry.
func (q Quorum) MarshalText() ([]byte, error) {
	if q < Majority {
		return nil, q.fault()
	}
	return []byte(q.String()), nil
}

// UnmarshalText reads "majority" or a number of 1 or more.
func (q *Quorum) UnmarshalText(text []byte) error {
	if string(text) == "majority" {
		*q = Majority
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("quorum %.80q is neither \"majority\" nor a number of 1 or more", text)
	}
	*q = Quorum(n)
	return nil
}

// UnmarshalJSON reads a plain number too: people write 3 as well as "3".
func (q *Quorum) UnmarshalJSON(data []byte) error { return unmarshalWord(data, q) }

func (q Quorum) fault() error {
	return fmt.Errorf("quorum %d is neither \"majority\" nor a number of 1 or more", int(q))
}

// Sites is how many sites the agreeing observers must span: a number, 0 for
// automatic (a majority of the sites when there are three or more), or
// SitesOff.
type Sites int

// The two words that Sites knows beside numbers.
const (
	SitesAuto Sites = 0
	SitesOff  Sites = -1
)

// Of returns the sites needed among n sites.
func (s Sites) Of(n int) int {
	switch {
	case s == SitesOff:
		return 1
	case s > 0:
		return int(s)
	case n >= 3:
		return n/2 + 1
	}
	return 1
}

// String writes "auto", "off" or the number.
func (s Sites) String() string {
	switch s {
	case SitesAuto:
		return "auto"
	case SitesOff:
		return "off"
	}
	return strconv.Itoa(int(s))
}

// MarshalText writes what String writes. It refuses what UnmarshalText would
// refuse, so that no such thing gets into an entry.
func (s Sites) MarshalText() ([]byte, error) {
	if s < SitesOff {
		return nil, s.fault()
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads "auto", "off" or a number of 1 or more.
func (s *Sites) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*s = SitesAuto
		return nil
	case "off":
		*s = SitesOff
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("sites %.80q is none of \"auto\", \"off\" and a number of 1 or more", text)
	}
	*s = Sites(n)
	return nil
}

// UnmarshalJSON reads a plain number too: people write 2 as well as "2".
func (s *Sites) UnmarshalJSON(data []byte) error { return unmarshalWord(data, s) }

// unmarshalWord hands a JSON string or number to into as text. A null changes
// nothing, as everywhere in JSON.
func unmarshalWord(data []byte, into encoding.TextUnmarshaler) error {
	if string(data) == "null" {
		return nil
	}
	if data[0] != '"' {
		return into.UnmarshalText(data)
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	return into.UnmarshalText([]byte(text))
}

func (s Sites) fault() error {
	return fmt.Errorf("sites %d is none of \"auto\", \"off\" and a number of 1 or more", int(s))
}

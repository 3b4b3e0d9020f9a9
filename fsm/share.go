package fsm

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of all endpoints in percent, 0 for "off".
type Share int

// ShareOff is the word for no limit.
const ShareOff Share = 0

// Exceeded reports whether part of all is more than s. Nothing exceeds ShareOff.
func (s Share) Exceeded(part, all int) bool { return s != ShareOff && 100*part > int(s)*all }

// String writes "off" or "30%".
func (s Share) String() string {
	if s == ShareOff {
		return "off"
	}
	return strconv.Itoa(int(s)) + "%"
}

// MarshalText writes what String writes. It refuses what UnmarshalText would
// refuse, so that no such thing gets into an entry.
func (s Share) MarshalText() ([]byte, error) {
	if s < 0 || s > 100 {
		return nil, s.fault()
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads "off", or 1% to 100%, with or without the sign.
func (s *Share) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*s = ShareOff
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(text), "%"))
	if err != nil || n < 1 || n > 100 {
		return fmt.Errorf("share %.80q is neither \"off\" nor one from 1%% to 100%%", text)
	}
	*s = Share(n)
	return nil
}

// UnmarshalJSON reads a plain number too: people write 30 as well as "30%".
func (s *Share) UnmarshalJSON(data []byte) error { return unmarshalWord(data, s) }

func (s Share) fault() error {
	return fmt.Errorf("brake %d%% is neither \"off\" nor a share from 1%% to 100%%", int(s))
}

package cli

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// word is a flag whose value reads and writes itself as text.
type word struct {
	value interface {
		encoding.TextMarshaler
		encoding.TextUnmarshaler
	}
	what string // in help: DURATION, N, ...
}

var _ pflag.Value = word{}

func (w word) Set(text string) error { return w.value.UnmarshalText([]byte(text)) }
func (w word) Type() string          { return w.what }
func (w word) String() string {
	if w.value == nil {
		return ""
	}
	text, err := w.value.MarshalText()
	if err != nil {
		return ""
	}
	return short(string(text))
}

// short writes 1m instead of 1m0s.
func short(text string) string {
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// seconds is a duration that may also be a bare number of seconds, as the
// original has it.
type seconds struct{ word }

func (s seconds) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), n > uint64(math.MaxInt64/time.Second):
		return fmt.Errorf("%s seconds are more than can be counted: give fewer", text)
	case err == nil:
		text += "s"
	}
	return s.word.Set(text)
}

// lower reads a word in any case: --timeout-is down.
type lower struct{ word }

func (l lower) Set(text string) error { return l.word.Set(strings.ToUpper(text)) }
func (l lower) String() string        { return strings.ToLower(l.word.String()) }

// list is a flag of values between commas, which may be given more than once.
type list struct{ values *[]string }

func (l list) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*l.values = append(*l.values, item)
		}
	}
	return nil
}
func (l list) Type() string { return "list" }
func (l list) String() string {
	if l.values == nil {
		return ""
	}
	return strings.Join(*l.values, ",")
}

// oneOf is a flag that takes one of a few words.
type oneOf struct {
	value *string
	words []string
}

func (o oneOf) Set(text string) error {
	if !slices.Contains(o.words, text) {
		return fmt.Errorf("%q is none of %s", text, strings.Join(o.words, ", "))
	}
	*o.value = text
	return nil
}
func (o oneOf) Type() string { return strings.Join(o.words, "|") }
func (o oneOf) String() string {
	if o.value == nil {
		return ""
	}
	return *o.value
}

// text is any text.
type text struct {
	value *string
	what  string // in help
}

func (t text) Set(text string) error { *t.value = text; return nil }
func (t text) Type() string          { return t.what }
func (t text) String() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// number is a whole number.
type number struct{ value *int }

func (n number) Set(text string) error {
	read, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%.40q is not a whole number", text)
	}
	*n.value = read
	return nil
}
func (n number) Type() string { return "int" }
func (n number) String() string {
	if n.value == nil {
		return ""
	}
	return strconv.Itoa(*n.value)
}

// yes is true or false.
type yes struct{ value *bool }

func (y yes) Set(text string) error {
	read, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%.40q is neither true nor false", text)
	}
	*y.value = read
	return nil
}
func (y yes) Type() string { return "bool" }
func (y yes) String() string {
	if y.value == nil {
		return ""
	}
	return strconv.FormatBool(*y.value)
}

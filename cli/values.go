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

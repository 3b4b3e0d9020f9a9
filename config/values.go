package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Texter reads and writes itself as text.
type Texter interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// Word is what reads and writes itself as text. What it is stands in help:
// "duration", "n".
func Word(value Texter, what string) Value { return word{value, what} }

// Seconds is a duration that may also be a bare number of seconds, as the
// original has it.
func Seconds(value Texter, what string) Value { return seconds{word{value, what}} }

// Lower is a Word that is written in lower case, and read in any.
func Lower(value Texter, what string) Value { return lower{word{value, what}} }

// List is values between commas, which may be given more than once.
func List(values *[]string) Value { return list{values} }

// OneOf is one of a few words.
func OneOf(value *string, words ...string) Value { return oneOf{value, words} }

// Upper is one of a few words in upper case, read in any.
func Upper(value *string, words ...string) Value { return upper{oneOf{value, words}} }

// Text is any text.
func Text(value *string, what string) Value { return plain{value, what} }

// Number is a whole number.
func Number(value *int) Value { return number{value} }

// ID is the number by which something is known, such as an event.
func ID(value *uint64) Value { return id{value} }

// Yes is true or false.
func Yes(value *bool) Value { return yes{value} }

type word struct {
	value Texter
	what  string
}

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
	return Short(string(text))
}

// Short writes 1m instead of 1m0s.
func Short(text string) string {
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

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

type lower struct{ word }

func (l lower) Set(text string) error { return l.word.Set(strings.ToUpper(text)) }
func (l lower) String() string        { return strings.ToLower(l.word.String()) }

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

type plain struct {
	value *string
	what  string // in help
}

func (t plain) Set(text string) error { *t.value = text; return nil }
func (t plain) Type() string          { return t.what }
func (t plain) String() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

type number struct{ value *int }

func (n number) Set(text string) error {
	read, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%.40q is not a whole number, such as 10", text)
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

type id struct{ value *uint64 }

func (i id) Set(text string) error {
	read, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is no id: it is a number, such as 1042", text)
	}
	*i.value = read
	return nil
}
func (i id) Type() string { return "id" }
func (i id) String() string {
	if i.value == nil {
		return ""
	}
	return strconv.FormatUint(*i.value, 10)
}

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

type upper struct{ oneOf }

func (u upper) Set(text string) error { return u.oneOf.Set(strings.ToUpper(text)) }

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// YAML returns the JSON text data as YAML, with the names in their order. What
// stands between quotes there is a text here too, whichever version of YAML
// reads it: it is quoted wherever one of them could take it for something else.
// Nothing in it moves the cursor of a terminal.
func YAML(data []byte) ([]byte, error) {
	w := yamlWriter{from: json.NewDecoder(bytes.NewReader(data))}
	w.from.UseNumber()
	err := w.value("", false)
	if err == nil {
		if _, more := w.from.Token(); more != io.EOF {
			err = errors.New("there is more behind it")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("this is no JSON: %w", err)
	}
	return bytes.TrimLeft(w.Bytes(), "\n "), nil
}

// yamlWriter writes what comes from a decoder.
type yamlWriter struct {
	bytes.Buffer
	from *json.Decoder
}

// value writes the next value behind the name that it has, or behind the dash.
// Lines of its own begin with indent.
func (w *yamlWriter) value(indent string, dash bool) error {
	token, err := w.from.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	switch {
	case !nested:
		w.WriteString(" " + scalarYAML(token) + "\n")
		return nil
	case !w.from.More():
		fmt.Fprintf(w, " %s\n", map[json.Delim]string{'{': "{}", '[': "[]"}[delim])
	case delim == '{':
		err = w.object(indent, dash)
	default:
		w.WriteString("\n")
		for err == nil && w.from.More() {
			w.WriteString(indent + "-")
			err = w.value(indent+"  ", true)
		}
	}
	if err != nil {
		return err
	}
	_, err = w.from.Token() // that closes it
	return err
}

// object puts its first name behind a dash, and on a line of its own otherwise.
func (w *yamlWriter) object(indent string, dash bool) error {
	lead := indent
	if dash {
		lead = " "
	} else {
		w.WriteString("\n")
	}
	for w.from.More() {
		name, err := w.from.Token()
		if err != nil {
			return err
		}
		w.WriteString(lead + scalarYAML(name) + ":")
		if err := w.value(indent+"  ", false); err != nil {
			return err
		}
		lead = indent
	}
	return nil
}

func scalarYAML(token json.Token) string {
	switch v := token.(type) {
	case nil:
		return "null"
	case string:
		if plainEverywhere(v) {
			return v
		}
		return quote(v)
	}
	return fmt.Sprint(token)
}

var (
	// plainWords begin like no number and hold nothing that means something.
	plainWords = regexp.MustCompile(`^[A-Za-z/_]([A-Za-z0-9 ./_:@+?=&%~,;!-]*[A-Za-z0-9./_@+?=&%~!-])?$`)
	duration   = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`)
	meaning    = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// plainEverywhere reports whether text needs no quotes.
func plainEverywhere(text string) bool {
	return duration.MatchString(text) ||
		plainWords.MatchString(text) && !strings.Contains(text, ": ") && !slices.Contains(meaning, strings.ToLower(text))
}

// quote returns text between the quotes that YAML has for any text.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

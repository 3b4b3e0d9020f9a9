package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"tocsin/nearest"
)

// longestDocument is more than a node takes in one request, in bytes.
const longestDocument = 16 << 20

// Decode reads the YAML or JSON text data, which faults call name, into the
// struct that into points to, or returns Faults. The fields have the names of
// their JSON tags. A file of the configuration is held to its word, and so is
// this one: a name that is unknown or there twice, a value of the wrong kind are
// faults, and a text is what is written, so that 1.10 stays 1.10.
//
// A field may be a text, a number, a list, a struct, a map of texts, or whatever
// reads itself from a text; or a pointer to one of these.
func Decode(name string, data []byte, into any) error {
	d := decoder{}
	d.text, d.faults = newText(name, data, longestDocument, "what is asked for")
	if d.faults == nil {
		body, faults := d.text.parse()
		d.faults = faults
		if body != nil {
			d.value(body, "the file", reflect.ValueOf(into).Elem())
		} else if faults == nil {
			d.bad(1, 1, "there is nothing in it")
		}
	}
	return d.faults.err()
}

// newText takes data for a text of at most so many bytes.
func newText(name string, data []byte, longest int, what string) (*text, Faults) {
	// A line ends in one way from here on, and a byte order mark is no text.
	content := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff"))
	t := &text{name: name, content: content, lines: strings.Split(content, "\n")}
	switch {
	case len(content) > longest:
		return t, Faults{t.fault(1, 1, fmt.Sprintf("the file is longer than %d bytes: it can't be %s", longest, what))}
	case !utf8.ValidString(content):
		return t, Faults{t.fault(t.firstBadLine(), 1, "this is not UTF-8 text")}
	}
	return t, nil
}

// decoder goes through a document once.
type decoder struct {
	text   *text
	faults Faults
}

func (d *decoder) bad(line, column int, format string, args ...any) {
	d.faults = append(d.faults, d.text.fault(line, column, fmt.Sprintf(format, args...)))
}

func (d *decoder) badAt(n ast.Node, format string, args ...any) {
	line, column := position(n.GetToken())
	d.bad(line, column, format, args...)
}

// value reads n, which is called what, into to.
func (d *decoder) value(n ast.Node, what string, to reflect.Value) {
	if _, empty := n.(*ast.NullNode); empty {
		d.badAt(n, "%s has no value: give it one, or leave the line out", what)
		return
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	if reads, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text, ok := d.scalar(n, what); ok {
			if err := reads.UnmarshalText([]byte(text)); err != nil {
				d.badAt(n, "%v", err)
			}
		}
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		d.fields(n, what, to)
	case reflect.Slice:
		d.list(n, what, to)
	case reflect.Map:
		d.texts(n, what, to)
	case reflect.Int:
		if text, ok := d.scalar(n, what); ok {
			number, err := strconv.Atoi(text)
			if err != nil {
				d.badAt(n, "%s is a whole number, and %s is none", what, quoted(text))
			}
			to.SetInt(int64(number))
		}
	default:
		if text, ok := d.scalar(n, what); ok {
			to.SetString(text)
		}
	}
}

func (d *decoder) scalar(n ast.Node, what string) (string, bool) {
	text, ok := scalar(n)
	if !ok {
		d.badAt(n, "%s takes a plain value", what)
	}
	return text, ok
}

// pairs yields the names of a mapping and what is said about each.
func (d *decoder) pairs(n ast.Node, what string, each func(key *ast.StringNode, value ast.Node)) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.badAt(n, "%s consists of lines like \"name: value\"", what)
		d.faults[len(d.faults)-1].Hidden = true
		return
	}
	for _, pair := range m.Values {
		name, plain := scalar(pair.Key)
		if !plain {
			d.badAt(pair.Key, "this is no name of anything")
			continue
		}
		each(&ast.StringNode{BaseNode: &ast.BaseNode{}, Token: pair.Key.GetToken(), Value: name}, pair.Value)
	}
}

func (d *decoder) fields(n ast.Node, what string, to reflect.Value) {
	fields := map[string]int{}
	var names []string
	for i := range to.NumField() {
		name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = i
		names = append(names, name)
	}
	d.pairs(n, what, func(key *ast.StringNode, value ast.Node) {
		i, known := fields[key.Value]
		if known {
			d.value(value, key.Value, to.Field(i))
			return
		}
		hint := "it is one of " + strings.Join(names, ", ")
		if len(names) == 1 {
			hint = "it is " + names[0]
		}
		if near := nearest.To(snake(key.Value), names); near != "" {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
		d.badAt(key, "there is no %s: %s", quoted(key.Value), hint)
	})
}

func (d *decoder) list(n ast.Node, what string, to reflect.Value) {
	items, ok := n.(*ast.SequenceNode)
	if !ok {
		d.badAt(n, "%s is a list, each item behind a dash", what)
		return
	}
	to.Set(reflect.MakeSlice(to.Type(), len(items.Values), len(items.Values)))
	for i, item := range items.Values {
		d.value(item, fmt.Sprintf("item %d of %s", i+1, what), to.Index(i))
	}
}

func (d *decoder) texts(n ast.Node, what string, to reflect.Value) {
	to.Set(reflect.MakeMap(to.Type()))
	d.pairs(n, what, func(key *ast.StringNode, value ast.Node) {
		text := reflect.New(to.Type().Elem()).Elem()
		d.value(value, key.Value, text)
		to.SetMapIndex(reflect.ValueOf(key.Value).Convert(to.Type().Key()), text)
	})
}

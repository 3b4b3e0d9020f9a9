package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// longestFile is more than any file of settings has, in bytes.
const longestFile = 1 << 20

// Layer is what one place has told, by the names of options. Each text is one
// that the Value of the option is to take.
type Layer map[string]Given

// Given is what one place has told about one option.
type Given struct {
	Texts  []string
	Source Source
}

// ReadFile reads the file name as Parse does.
func ReadFile(name string, t Table) (Layer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration file: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, longestFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the configuration file: %w", err)
	}
	return Parse(name, data, t)
}

// Parse returns what data says about the options of t, or Faults. It checks
// names, and not yet what is said: Resolve does. name is what faults call it.
func Parse(name string, data []byte, t Table) (Layer, error) {
	content, faults := newText(name, data, longestFile, "a configuration file")
	r := reader{text: content, table: t, layer: Layer{}, faults: faults}
	if faults == nil {
		var body ast.Node
		if body, r.faults = content.parse(); body != nil {
			r.mapping(body, "")
		}
	}
	return r.layer, r.faults.err()
}

// text is a file, for those who have to show a line of it.
type text struct {
	name    string
	content string
	lines   []string
}

func (t *text) fault(line, column int, problem string) Fault {
	return Fault{File: t.name, Line: line, Column: column, Text: t.line(line), Problem: problem}
}

func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return t.lines[n-1]
}

func (t *text) firstBadLine() int {
	for i, line := range t.lines {
		if !utf8.ValidString(line) {
			return i + 1
		}
	}
	return 1
}

// reader goes through a file once.
type reader struct {
	text   *text
	table  Table
	layer  Layer
	faults Faults
}

func (r *reader) bad(line, column int, format string, args ...any) {
	r.faults = append(r.faults, r.text.fault(line, column, fmt.Sprintf(format, args...)))
}

func (r *reader) badAt(n ast.Node, format string, args ...any) {
	line, column := position(n.GetToken())
	r.bad(line, column, format, args...)
}

func position(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(t.Position.Line, 1), max(t.Position.Column, 1)
}

// parse returns the one document that stands in t, nil if there is none.
func (t *text) parse() (ast.Node, Faults) {
	file, err := parse([]byte(t.content))
	if err != nil {
		problem, line, column := err.Error(), 1, 1
		if syntax := yaml.Error(nil); errors.As(err, &syntax) {
			line, column = position(syntax.GetToken())
			problem = syntax.GetMessage()
		}
		return nil, Faults{t.fault(line, column, "this is not YAML: "+problem)}
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			line, column := position(doc.Body.GetToken())
			return body, Faults{t.fault(line, column, "a second document: everything stands in one")}
		default:
			body = doc.Body
		}
	}
	return body, nil
}

// parse is the parser of the library, which must not end us whatever it is fed.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it can't be read: %v", p)
		}
	}()
	return parser.ParseBytes(data, 0)
}

// mapping takes in the names and values of one section.
func (r *reader) mapping(n ast.Node, section string) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		where := "the file"
		if section != "" {
			where = section
		}
		r.badAt(n, "%s consists of lines like %s", where, r.exampleOf(section))
		r.faults[len(r.faults)-1].Hidden = true
		return
	}
	for _, pair := range m.Values {
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			r.badAt(pair.Key, "this is no name of anything: %s", r.hint(section, pair.Key.String()))
			continue
		}
		name := key.Value
		p, known := r.table.inFile(section, name)
		switch {
		case known:
			r.value(p, pair)
		case section == "" && r.table.isSection(name):
			if _, empty := pair.Value.(*ast.NullNode); !empty {
				r.mapping(pair.Value, name)
			}
		default:
			r.badAt(key, "there is no %s: %s", quoted(name), r.hint(section, name))
		}
	}
}

// exampleOf is a line that could stand there.
func (r *reader) exampleOf(section string) string {
	for _, p := range r.table.places() {
		if p.group.Section == section && !p.NoFile && p.Value.String() != "" && !p.Many {
			return fmt.Sprintf("%q", p.Option.key()+": "+p.Value.String())
		}
	}
	return `"name: value"`
}

// value takes in what is said about one option.
func (r *reader) value(p place, pair *ast.MappingValueNode) {
	line, column := position(pair.Value.GetToken())
	g := Given{Source: Source{Kind: File, Name: r.text.name, Line: line, Column: column, text: r.text}}
	switch v := pair.Value.(type) {
	case *ast.SequenceNode:
		if !p.Many {
			r.badAt(v, "%s takes one value, and this is a list", p.Option.key())
			return
		}
		g.Texts = []string{}
		for _, item := range v.Values {
			text, ok := scalar(item)
			if !ok {
				r.badAt(item, "the items of %s are plain values", p.Option.key())
				return
			}
			g.Texts = append(g.Texts, text)
		}
	case *ast.NullNode:
		line, column := position(pair.Key.GetToken())
		r.bad(line, column, "%s has no value: give it one, or leave the line out for the default", p.Option.key())
		return
	default:
		text, ok := scalar(v)
		if !ok {
			r.badAt(v, "%s takes a plain value%s", p.Option.key(), orList(p))
			return
		}
		g.Texts = []string{text}
	}
	r.layer[p.Name] = g
}

func orList(p place) string {
	if p.Many {
		return ", or a list of them"
	}
	return ""
}

// scalar returns what is written there, whatever YAML holds it to be: 012, no
// and 1.10 are the words that they are to who wrote them.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

package config

import (
	"strings"
	"unicode"
)

// Value is where one option is kept, and how it is written. It is what a flag
// needs, too.
type Value interface {
	// Set takes a text. A Value of Many takes one more item.
	Set(text string) error
	// String returns the text that Set would have to take.
	String() string
	// Type is a word for people, such as duration.
	Type() string
}

// Option is one thing that the program can be told.
type Option struct {
	// Name is the flag's: data-dir. It is unique in the Table. In a file the
	// name has underscores; TOCSIN_DATA_DIR is the variable.
	Name string
	// Value holds the default until something else is set.
	Value Value
	// Help says what it is, with a word for the value in back quotes, if that
	// is not the Type.
	Help string
	// Many says that there may be several, in a file as a list.
	Many bool
	// Reload says that a program which runs takes another value at once.
	Reload bool
	// NoFile says that it can't be given in a file.
	NoFile bool
}

// Variable returns the name of the environment variable.
func (o Option) Variable() string { return prefix + strings.ToUpper(o.key()) }

func (o Option) key() string { return strings.ReplaceAll(o.Name, "-", "_") }

// Group is what stands under one heading.
type Group struct {
	Heading string
	// Words say something about this group and those that follow; "" says
	// nothing.
	Words string
	// Section is what it stands under in a file; "" for the top level.
	Section string
	// Later says when a value that can't be reloaded takes effect.
	Later   string
	Options []Option
}

// Table is all that there is to be told, in the order in which it is shown.
type Table []Group

// place is an Option and the Group that it is in.
type place struct {
	Option
	group *Group
}

// key is how a file, and a person, names it: settings.interval.
func (p place) key() string {
	if p.group.Section == "" {
		return p.Option.key()
	}
	return p.group.Section + "." + p.Option.key()
}

// places returns all options in order.
func (t Table) places() []place {
	var all []place
	for i := range t {
		for _, o := range t[i].Options {
			all = append(all, place{o, &t[i]})
		}
	}
	return all
}

// inFile returns the option of that name in that section.
func (t Table) inFile(section, name string) (place, bool) {
	for _, p := range t.places() {
		if !p.NoFile && p.group.Section == section && p.Option.key() == name {
			return p, true
		}
	}
	return place{}, false
}

func (t Table) isSection(name string) bool {
	for _, g := range t {
		if name != "" && g.Section == name {
			return true
		}
	}
	return false
}

// snake writes dataDir, data-dir and Data_Dir as data_dir.
func snake(name string) string {
	var b strings.Builder
	var before rune
	for _, r := range name {
		if unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)) {
			b.WriteByte('_')
		}
		before = r
		if r == '-' {
			r = '_'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

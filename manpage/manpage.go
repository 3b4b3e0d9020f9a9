// Package manpage writes pages for man(1): what "tocsin COMMAND --help" shows, in
// the language of roff. It knows as little of roff as these pages need, which is
// why there is no library for it. Pure functions; anybody may call them.
package manpage

import (
	"fmt"
	"strings"
)

// Page is one page of section 1.
type Page struct {
	// Name is the command with dashes for blanks: tocsin-endpoint-list.
	Name    string
	Short   string // what it is for, in a line
	Version string // of the program
	Usage   string
	// Long is text whose paragraphs are apart by empty lines; paragraphs that are
	// indented are shown as they are written.
	Long string
	// Options are under headings, in their order.
	Options []Group
	// Commands are those below this one: a name and what it is for.
	Commands [][2]string
	Examples string
	// SeeAlso are the names of other pages.
	SeeAlso []string
}

// Group is the options under one heading.
type Group struct {
	Heading string
	Options [][2]string // how it is written, and what it does
}

// Roff returns the page as man reads it.
func (p Page) Roff() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s Tocsin\n", argument(strings.ToUpper(p.Name)), argument("tocsin "+p.Version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", text(p.Name), text(lowerFirst(p.Short)))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.nf\n%s\n.fi\n", text(p.Usage))
	if p.Long != "" {
		b.WriteString(".SH DESCRIPTION\n")
		paragraphs(&b, p.Long)
	}
	if len(p.Commands) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, c := range p.Commands {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", text(c[0]), text(c[1]))
		}
	}
	if len(p.Options) > 0 {
		b.WriteString(".SH OPTIONS\n")
	}
	for _, g := range p.Options {
		fmt.Fprintf(&b, ".SS %s\n", argument(g.Heading))
		for _, o := range g.Options {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", text(o[0]), text(o[1]))
		}
	}
	if p.Examples != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", text(p.Examples))
	}
	if len(p.SeeAlso) > 0 {
		b.WriteString(".SH SEE ALSO\n")
		for i, name := range p.SeeAlso {
			comma := ","
			if i == len(p.SeeAlso)-1 {
				comma = ""
			}
			fmt.Fprintf(&b, ".BR %s (1)%s\n", text(name), comma)
		}
	}
	return b.String()
}

func paragraphs(b *strings.Builder, long string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(long), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, " ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", text(paragraph))
			continue
		}
		fmt.Fprintf(b, "%s\n", text(paragraph))
	}
}

// text is what means nothing to roff: no escape, and no request at the beginning
// of a line. A minus is one that can be copied into a shell.
func text(plain string) string {
	plain = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(plain)
	lines := strings.Split(plain, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// argument is a text as one argument of a request.
func argument(plain string) string {
	return `"` + strings.ReplaceAll(text(strings.ReplaceAll(plain, "\n", " ")), `"`, `\(dq`) + `"`
}

// lowerFirst writes the first letter small, as man pages have it, unless the
// word is all capitals.
func lowerFirst(s string) string {
	if len(s) < 2 || s[1] < 'a' || s[1] > 'z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

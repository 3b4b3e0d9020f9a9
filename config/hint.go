package config

import (
	"fmt"
	"strings"

	"tocsin/nearest"
)

// hint says what to do about a name that is unknown in that section.
func (r *reader) hint(section, name string) string {
	var here []string
	elsewhere := map[string]place{}
	var others []string
	for _, p := range r.table.places() {
		switch key := p.Option.key(); {
		case p.NoFile && key == snake(name):
			return fmt.Sprintf("it can be given only as --%s or %s", p.Name, p.Variable())
		case p.NoFile:
		case p.group.Section == section:
			here = append(here, key)
		default:
			elsewhere[key] = p
			others = append(others, key)
		}
	}
	if section == "" {
		for _, g := range r.table {
			if g.Section != "" {
				here = append(here, g.Section)
			}
		}
	}
	if p, ok := elsewhere[snake(name)]; ok {
		return "it stands " + underOf(p, section)
	}
	if near := nearest.To(snake(name), here); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if near := nearest.To(snake(name), others); near != "" {
		return fmt.Sprintf("did you mean %s? It stands %s", near, underOf(elsewhere[near], section))
	}
	return `"tocsin config default" shows all there is`
}

func underOf(p place, section string) string {
	if p.group.Section == "" {
		return fmt.Sprintf("at the top level, and not under %s:", section)
	}
	return fmt.Sprintf("under %s:", p.group.Section)
}

// quoted is a name that somebody else has written, fit for a line.
func quoted(name string) string { return fmt.Sprintf("%.80q", strings.ToValidUTF8(name, "?")) }

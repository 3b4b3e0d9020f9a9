package config

import (
	"fmt"
	"strings"
)

// Reference returns the options of t as tables in Markdown, one for each group.
// t must be fresh.
func (t Table) Reference() string {
	var b strings.Builder
	for i, g := range t {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "### %s\n\n", g.Heading)
		if g.Words != "" {
			fmt.Fprintf(&b, "%s\n\n", g.Words)
		}
		if g.Section != "" {
			fmt.Fprintf(&b, "In the file these stand under `%s:`.\n\n", g.Section)
		}
		b.WriteString("| in the file | flag | variable | default | reload | |\n|---|---|---|---|---|---|\n")
		for _, o := range g.Options {
			key, reload := "`"+o.key()+"`", ""
			if o.NoFile {
				key = ""
			}
			if o.Reload {
				reload = "yes"
			}
			fmt.Fprintf(&b, "| %s | `--%s` | `%s` | `%s` | %s | %s |\n",
				key, o.Name, o.Variable(), o.yaml(), reload, strings.ReplaceAll(strings.ReplaceAll(o.Help, "`", ""), "|", `\|`))
		}
	}
	return b.String()
}

package help

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/manpage"
)

// ManPages returns the page for man(1) of c, and those of all below it.
func ManPages(c *cobra.Command, version string) []manpage.Page {
	page := manpage.Page{
		Name: strings.ReplaceAll(c.CommandPath(), " ", "-"), Short: strings.TrimSuffix(c.Short, "."), Version: version,
		Usage: usageLine(c), Long: c.Long, Examples: c.Example,
	}
	headings, groups, _ := flagGroups(c)
	for _, heading := range headings {
		g := manpage.Group{Heading: heading}
		for _, f := range groups[heading] {
			_, usage := pflag.UnquoteUsage(f)
			g.Options = append(g.Options, [2]string{flagName(f), usage + defaultOf(f)})
		}
		page.Options = append(page.Options, g)
	}
	if c.HasParent() {
		page.SeeAlso = append(page.SeeAlso, strings.ReplaceAll(c.Parent().CommandPath(), " ", "-"))
	}
	pages := []manpage.Page{page}
	for _, sub := range slices.SortedStableFunc(slices.Values(c.Commands()), ByOrder) {
		if sub.IsAvailableCommand() {
			below := ManPages(sub, version)
			pages[0].Commands = append(pages[0].Commands, [2]string{sub.Name(), sub.Short})
			pages[0].SeeAlso = append(pages[0].SeeAlso, below[0].Name)
			pages = append(pages, below...)
		}
	}
	return pages
}

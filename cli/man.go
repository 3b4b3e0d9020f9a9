package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/manpage"
)

func (a app) man() *cobra.Command {
	return &cobra.Command{
		Use:         "man DIRECTORY",
		Short:       "Write the pages for man(1), one for each command",
		Annotations: map[string]string{order: "92"},
		Example:     `sudo tocsin man /usr/local/share/man/man1 && man tocsin-agent`,
		Args:        exactly("DIRECTORY"),
		RunE: func(c *cobra.Command, args []string) error {
			written := 0
			for _, page := range manPages(c.Root()) {
				if err := os.WriteFile(filepath.Join(args[0], page.Name+".1"), []byte(page.Roff()), 0o644); err != nil {
					return fmt.Errorf("man: %w", err)
				}
				written++
			}
			a.say("wrote %d pages to %s\n", written, clean(args[0]))
			return nil
		},
	}
}

// manPages returns the page of c, and those of all below it.
func manPages(c *cobra.Command) []manpage.Page {
	page := manpage.Page{
		Name: strings.ReplaceAll(c.CommandPath(), " ", "-"), Short: strings.TrimSuffix(c.Short, "."), Version: thisBuild().Version,
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
	for _, sub := range slices.SortedStableFunc(slices.Values(c.Commands()), byOrder) {
		if sub.IsAvailableCommand() {
			below := manPages(sub)
			pages[0].Commands = append(pages[0].Commands, [2]string{sub.Name(), sub.Short})
			pages[0].SeeAlso = append(pages[0].SeeAlso, below[0].Name)
			pages = append(pages, below...)
		}
	}
	return pages
}

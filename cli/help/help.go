package help

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/cli/screen"
)

// groupKey marks a flag with the heading that it stands under.
const groupKey = "group"

// Group puts flags of c under a heading of its help page. Headings stand in
// the order in which they are first used, "Other" last.
func Group(c *cobra.Command, heading string, names ...string) {
	for _, name := range names {
		f := c.Flags().Lookup(name)
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[groupKey] = []string{heading}
	}
}

// Show prints the page of c.
func Show(c *cobra.Command, _ []string) {
	var page bytes.Buffer
	fmt.Fprintf(&page, "%s.\n\n", strings.TrimSuffix(c.Short, "."))
	if c.Long != "" {
		fmt.Fprintf(&page, "%s\n\n", c.Long)
	}
	fmt.Fprintf(&page, "Usage:\n  %s\n", usageLine(c))
	if c.Example != "" {
		fmt.Fprintf(&page, "\nExamples:\n%s\n", indent(c.Example))
	}
	commandList(&page, c)
	flagList(&page, c)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&page, "\n\"%s COMMAND --help\" shows the page of a command.\n", c.CommandPath())
	}
	// An output that can't be written to has no reader to tell.
	_, _ = c.OutOrStdout().Write(page.Bytes())
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

func commandList(page *bytes.Buffer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	groups := c.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands"}}
	}
	width := 0
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			width = max(width, len(sub.Name()))
		}
	}
	for _, g := range groups {
		fmt.Fprintf(page, "\n%s:\n", g.Title)
		// From the first that one needs on.
		for _, sub := range slices.SortedStableFunc(slices.Values(c.Commands()), ByOrder) {
			if sub.IsAvailableCommand() && sub.GroupID == g.ID {
				fmt.Fprintf(page, "  %-*s  %s\n", width, sub.Name(), sub.Short)
			}
		}
	}
}

// Order is the annotation that keeps commands from being sorted by name.
const Order = "order"

func ByOrder(a, b *cobra.Command) int {
	return strings.Compare(a.Annotations[Order], b.Annotations[Order])
}

// flagGroups returns the flags of c under their headings, in the order of these,
// and how wide the widest is.
func flagGroups(c *cobra.Command) (headings []string, groups map[string][]*pflag.Flag, width int) {
	groups = map[string][]*pflag.Flag{}
	c.Flags().SortFlags = false
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		heading := "Other"
		if names := f.Annotations[groupKey]; len(names) == 1 {
			heading = names[0]
		}
		if groups[heading] == nil && heading != "Other" {
			headings = append(headings, heading)
		}
		groups[heading] = append(groups[heading], f)
		width = max(width, utf8.RuneCountInString(flagName(f)))
	})
	if len(groups["Other"]) > 0 {
		headings = append(headings, "Other")
	}
	return headings, groups, width
}

// flagList prints the flags under their headings, aligned and wrapped.
func flagList(page *bytes.Buffer, c *cobra.Command) {
	headings, groups, width := flagGroups(c)
	for _, heading := range headings {
		fmt.Fprintf(page, "\n%s:\n", heading)
		for _, f := range groups[heading] {
			_, usage := pflag.UnquoteUsage(f)
			lines := screen.Wrap(usage+defaultOf(f), screen.Width-width-5)
			fmt.Fprintf(page, "  %-*s   %s\n", width, flagName(f), lines[0])
			for _, line := range lines[1:] {
				fmt.Fprintf(page, "  %-*s   %s\n", width, "", line)
			}
		}
	}
}

// flagName is how the flag is written: "--interval DURATION".
func flagName(f *pflag.Flag) string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	what, _ := pflag.UnquoteUsage(f)
	switch {
	case what == "":
	case what == "int":
		name += " N"
	default:
		name += " " + strings.ToUpper(what)
	}
	return name
}

func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return ""
	}
	return " (default " + f.DefValue + ")"
}

package cli

import "github.com/spf13/cobra"

// exactly asks for these arguments, no fewer and no more.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return misuse(c, "%s is missing: write %s", names[len(args)], c.UseLine())
		case len(args) > len(names):
			return misuse(c, "%q is too much: write %s (quote what has blanks)", args[len(names)], c.UseLine())
		}
		for i, name := range names {
			if args[i] == "" && name != "VALUE" { // a value may be empty, what names something may not
				return misuse(c, "%s is empty: write %s", name, c.UseLine())
			}
		}
		return nil
	}
}

// atMostOne asks for one argument or none.
func atMostOne(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return misuse(c, "%q is too much: write %s (quote what has blanks)", args[1], c.UseLine())
	}
	return nil
}

// someArgs asks for one argument at least.
func someArgs(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return misuse(c, "%s is missing: write %s", name, c.UseLine())
		}
		return nil
	}
}

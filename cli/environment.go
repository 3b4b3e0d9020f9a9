package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fromEnvironment sets those of the named flags that were not given from the
// environment: TOCSIN_DATA_DIR is --data-dir. No others are looked for: the
// scripts of a node run with variables of the same prefix, and a command that
// such a script calls must not take them for its flags.
func fromEnvironment(c *cobra.Command, names ...string) error {
	var failed error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if failed != nil || f.Changed || !slices.Contains(names, f.Name) {
			return
		}
		variable := variableOf(f.Name)
		text := os.Getenv(variable)
		if text == "" {
			return
		}
		if err := c.Flags().Set(f.Name, text); err != nil {
			failed = misuse(c, "environment variable %s: %w", variable, err)
		}
	})
	return failed
}

func variableOf(flag string) string {
	return "TOCSIN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

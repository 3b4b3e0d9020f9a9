package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/prose"
)

func (a app) validate() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:         "validate FILE [flags of the agent]",
		Short:       "Check a configuration file without starting anything",
		Annotations: map[string]string{help.Order: "7"},
		Long: `Reads FILE as "tocsin agent --config FILE" would, with the flags of the agent
and the environment put over it, and says all that is wrong with it, each with
its line. Then it looks at this machine, and warns of what would keep an agent
from starting here: scripts that are not there, a data directory that can't be
written, keys, certificates and tokens that it would refuse, addresses of
another machine, names that nobody knows.

Exit codes: 0 the file is good, though there may be warnings; 1 it is not, or
there are warnings and --strict; 2 this command was called wrongly.`,
		Example: `tocsin validate /etc/tocsin/tocsin.yaml
tocsin validate tocsin.yaml --strict --node paris1`,
		Args: exactly("FILE"),
	}
	given := optionFlags(c)
	hideFlags(c)
	c.Flags().BoolVar(&strict, "strict", false, "let warnings fail, too")
	help.Group(c, "Checking", "strict")
	c.RunE = func(c *cobra.Command, args []string) error {
		if given.Flags["config"].Texts != nil {
			return misuse(c, "the file is given without --config: write %s", c.UseLine())
		}
		given.Flags["config"] = config.Given{Texts: args, Source: config.Source{Kind: config.Flag}}
		l, err := given.Read()
		if err != nil {
			return err
		}
		warnings := []error{}
		if l.Node.Name == "" {
			warnings = append(warnings, errors.New("node is not given: a file for several machines leaves it to --node or TOCSIN_NODE"))
		}
		here := l.Node
		if l.Node.Name == "" {
			l.Node.Name = "unnamed"
		}
		if err := l.Validate(); err != nil {
			return err
		}
		if err := l.Settings.Blame(here.ValidateHere(c.Context())); err != nil {
			warnings = append(warnings, err)
		}
		warned := a.warn(warnings)
		if strict && warned > 0 {
			return fmt.Errorf("%s: %d warnings, and --strict", screen.Clean(args[0]), warned)
		}
		return a.tell(fmt.Sprintf("%s is good", screen.Clean(args[0])))
	}
	return c
}

// warn says what is no fault of the file, and returns how much that was.
func (a app) warn(warnings []error) int {
	faults, rest := config.Split(errors.Join(warnings...))
	for _, f := range faults {
		a.say("warning: %s\n%s", screen.Clean(f.Error()), f.Excerpt())
	}
	for _, err := range rest {
		a.say("warning: %s\n", screen.Clean(prose.OneLine(err.Error())))
	}
	return len(faults) + len(rest)
}

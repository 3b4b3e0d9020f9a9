package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/config"
	"tocsin/prose"
)

func (a app) config() *cobra.Command {
	return family(&cobra.Command{
		Use:         "config default|show",
		Short:       "Write a configuration file, or see what an agent is told",
		Annotations: map[string]string{order: "7"},
		Example: `tocsin config default > tocsin.yaml
tocsin config show --config tocsin.yaml`,
	}, a.configDefault(), a.configShow())
}

const sampleIntro = `The configuration of a Tocsin agent: tocsin agent --config FILE

What stands behind a "#" without a blank is the default: take the "#" away to
change it. A flag counts before the environment, that before this file:
data_dir here is TOCSIN_DATA_DIR there, and --data-dir.

On SIGHUP the agent reads this file again, and takes at once what is marked
with [reload]; it says what has to wait for a start. "tocsin validate FILE"
checks the file before.`

func (a app) configDefault() *cobra.Command {
	return &cobra.Command{
		Use:         "default",
		Short:       "Print a configuration file with all there is, and a word about each",
		Annotations: map[string]string{order: "1"},
		Long:        `All lines are commented out: what they say is the default.`,
		Example:     `tocsin config default > tocsin.yaml`,
		Args:        exactly(),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, newOptions().table().Sample(sampleIntro))
			return err
		},
	}
}

func (a app) configShow() *cobra.Command {
	var effective bool
	var output string
	c := &cobra.Command{
		Use:         "show [--effective] [flags of the agent]",
		Short:       "Show what an agent would be told, and where each value comes from",
		Annotations: map[string]string{order: "2"},
		Long: `Takes the flags of the agent, the environment and the file as "tocsin agent"
does, and shows what has been given and where: by a flag, a variable of the
environment, or a line of the file. With --effective the defaults are shown too.`,
		Example: `tocsin config show --config /etc/tocsin/tocsin.yaml
tocsin config show --effective --config tocsin.yaml --log-level debug`,
		Args: exactly(),
	}
	given := optionFlags(c)
	hideFlags(c)
	c.Flags().BoolVar(&effective, "effective", false, "show what is not given, too: the defaults")
	group(c, "Showing", "effective")
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		l, err := given.read()
		if err != nil {
			return usageError{err, c.CommandPath()}
		}
		shown := []shownSetting{}
		for _, setting := range l.settings {
			if effective || setting.Source.Kind != config.Default {
				shown = append(shown, shownSetting{setting.Key, setting.Text, setting.Source.String()})
			}
		}
		if len(shown) == 0 {
			a.say("nothing is given: --effective shows the defaults\n")
		}
		return a.printValue(output, shown, func(s *screen) { s.settings(shown) })
	}
	return c
}

// shownSetting is one thing that an agent would be told, and by what.
type shownSetting struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	From    string `json:"from"`
}

func (s *screen) settings(shown []shownSetting) {
	if len(shown) == 0 {
		return
	}
	rows := make([][]string, len(shown))
	for i, setting := range shown {
		rows[i] = []string{setting.Setting, clean(cmp.Or(setting.Value, `""`)), clean(setting.From)}
	}
	s.table([]string{"SETTING", "VALUE", "FROM"}, rows, 1, 2)
}

func (a app) validate() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:         "validate FILE [flags of the agent]",
		Short:       "Check a configuration file without starting anything",
		Annotations: map[string]string{order: "7"},
		Long: `Reads FILE as "tocsin agent --config FILE" would, with the flags of the agent
and the environment put over it, and says all that is wrong with it, each with
its line. Then it looks at this machine, and warns of what would keep an agent
from starting here: scripts that are not there, a data directory that can't be
written, addresses of another machine, names that nobody knows.

Exit codes: 0 the file is good, though there may be warnings; 1 it is not, or
there are warnings and --strict; 2 this command was called wrongly.`,
		Example: `tocsin validate /etc/tocsin/tocsin.yaml
tocsin validate tocsin.yaml --strict --node paris1`,
		Args: exactly("FILE"),
	}
	given := optionFlags(c)
	hideFlags(c)
	c.Flags().BoolVar(&strict, "strict", false, "let warnings fail, too")
	group(c, "Checking", "strict")
	c.RunE = func(c *cobra.Command, args []string) error {
		if given.flags["config"].Texts != nil {
			return misuse(c, "the file is given without --config: write %s", c.UseLine())
		}
		given.flags["config"] = config.Given{Texts: args, Source: config.Source{Kind: config.Flag}}
		l, err := given.read()
		if err != nil {
			return err
		}
		warnings := []error{}
		if l.node.Name == "" {
			warnings = append(warnings, errors.New("node is not given: a file for several machines leaves it to --node or TOCSIN_NODE"))
			l.node.Name = "unnamed"
		}
		if err := l.validate(); err != nil {
			return err
		}
		if err := l.settings.Blame(l.node.ValidateHere(c.Context())); err != nil {
			warnings = append(warnings, err)
		}
		warned := a.warn(warnings)
		if strict && warned > 0 {
			return fmt.Errorf("%s: %d warnings, and --strict", clean(args[0]), warned)
		}
		return a.tell(fmt.Sprintf("%s is good", clean(args[0])))
	}
	return c
}

// warn says what is no fault of the file, and returns how much that was.
func (a app) warn(warnings []error) int {
	faults, rest := config.Split(errors.Join(warnings...))
	for _, f := range faults {
		a.say("warning: %s\n%s", clean(f.Error()), f.Excerpt())
	}
	for _, err := range rest {
		a.say("warning: %s\n", clean(prose.OneLine(err.Error())))
	}
	return len(faults) + len(rest)
}

// hideFlags takes the flags of the agent off a help page: its own has them.
func hideFlags(c *cobra.Command) {
	for _, g := range newOptions().table() {
		for _, o := range g.Options {
			c.Flags().Lookup(o.Name).Hidden = true
		}
	}
}

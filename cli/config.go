package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cli/agent"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
)

func (a app) config() *cobra.Command {
	return family(&cobra.Command{
		Use:         "config default|show",
		Short:       "Write a configuration file, or see what an agent is told",
		Annotations: map[string]string{help.Order: "7"},
		Example: `tocsin config default > tocsin.yaml
tocsin config show --config tocsin.yaml`,
	}, a.configDefault(), a.configShow())
}

func (a app) configDefault() *cobra.Command {
	return &cobra.Command{
		Use:         "default",
		Short:       "Print a configuration file with all there is, and a word about each",
		Annotations: map[string]string{help.Order: "1"},
		Long:        `All lines are commented out: what they say is the default.`,
		Example:     `tocsin config default > tocsin.yaml`,
		Args:        exactly(),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, agent.Sample())
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
		Annotations: map[string]string{help.Order: "2"},
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
	help.Group(c, "Showing", "effective")
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		l, err := given.Read()
		if err != nil {
			return misused(c, err)
		}
		shown := []shownSetting{}
		for _, setting := range l.Settings {
			if effective || setting.Source.Kind != config.Default {
				shown = append(shown, shownSetting{setting.Key, setting.Text, setting.Source.String()})
			}
		}
		if len(shown) == 0 {
			a.say("nothing is given: --effective shows the defaults\n")
		}
		return a.printValue(output, shown, func(s *screen.Screen) { drawSettings(s, shown) })
	}
	return c
}

// shownSetting is one thing that an agent would be told, and by what.
type shownSetting struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	From    string `json:"from"`
}

func drawSettings(s *screen.Screen, shown []shownSetting) {
	if len(shown) == 0 {
		return
	}
	rows := make([][]string, len(shown))
	for i, setting := range shown {
		rows[i] = []string{setting.Setting, screen.Clean(cmp.Or(setting.Value, `""`)), screen.Clean(setting.From)}
	}
	s.Table([]string{"SETTING", "VALUE", "FROM"}, rows, 1, 2)
}

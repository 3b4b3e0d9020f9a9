package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/cli/agent"
	"tocsin/cli/help"
	"tocsin/config"
)

// addOptions gives c a flag for every option of t, under its heading. flagOf
// says what a flag sets.
func addOptions(c *cobra.Command, t config.Table, flagOf func(config.Option) pflag.Value) {
	for _, g := range t {
		for _, o := range g.Options {
			words := o.Help
			if o.Many {
				words += "; with commas"
			}
			f := c.Flags().VarPF(flagOf(o), o.Name, "", words)
			if o.Value.Type() == "bool" {
				f.NoOptDefVal = "true"
			}
			help.Group(c, g.Heading, o.Name)
		}
	}
}

// optionFlags gives c the flags of the agent, and returns where they are noted.
func optionFlags(c *cobra.Command) *agent.Given {
	g := &agent.Given{Flags: config.Layer{}}
	addOptions(c, agent.NewOptions().Table(), func(o config.Option) pflag.Value { return noted{o, g.Flags} })
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(agent.OurName(name)) // so that the original's work, and are not shown
	})
	return g
}

// noted is a flag that is checked, and noted for whoever needs it: once when the
// agent starts, and again whenever it reads its file again.
type noted struct {
	config.Option
	to config.Layer
}

func (n noted) String() string {
	if n.Value == nil {
		return "" // pflag makes one to see what a default looks like
	}
	return n.Value.String()
}
func (n noted) Type() string { return n.Value.Type() }
func (n noted) Set(text string) error {
	if err := n.Value.Set(text); err != nil {
		return err
	}
	given := n.to[n.Name]
	given.Source.Kind = config.Flag
	if !n.Many {
		given.Texts = nil
	}
	given.Texts = append(given.Texts, text)
	n.to[n.Name] = given
	return nil
}

// hideFlags takes the flags of the agent off a help page: its own has them.
func hideFlags(c *cobra.Command) {
	for _, g := range agent.NewOptions().Table() {
		for _, o := range g.Options {
			c.Flags().Lookup(o.Name).Hidden = true
		}
	}
}

package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/config"
)

// addOptions gives c a flag for every option of t, under its heading. flagOf
// says what a flag sets.
func addOptions(c *cobra.Command, t config.Table, flagOf func(config.Option) pflag.Value) {
	for _, g := range t {
		for _, o := range g.Options {
			help := o.Help
			if o.Many {
				help += "; with commas"
			}
			f := c.Flags().VarPF(flagOf(o), o.Name, "", help)
			if o.Value.Type() == "bool" {
				f.NoOptDefVal = "true"
			}
			group(c, g.Heading, o.Name)
		}
	}
}

// given is what an agent was told by its command line and by its environment.
type given struct{ flags, environment config.Layer }

// optionFlags gives c the flags of the agent, and returns where they are noted.
func optionFlags(c *cobra.Command) *given {
	g := &given{flags: config.Layer{}}
	addOptions(c, newOptions().table(), func(o config.Option) pflag.Value { return noted{o, g.flags} })
	c.Flags().SetNormalizeFunc(spelling)
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

package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/config"
)

// outputFlag adds -o to c.
func outputFlag(c *cobra.Command, output *string) {
	*output = asTable
	c.Flags().VarP(config.OneOf(output, asTable, asJSON, asYAML), "output", "o", "`format`: table for people, json or yaml for programs")
	group(c, "Output", "output")
}

// print shows data in the form that was asked for: to programs what the API
// answered, all of it, and to people what draw makes of it. It is the one place
// that does.
func (a app) print(output string, raw []byte, draw func(*screen)) error {
	text, err := renderAs(output, raw, a.stdout, draw)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// printValue is print for what no node was asked for.
func (a app) printValue(output string, value any, draw func(*screen)) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return a.print(output, raw, draw)
}

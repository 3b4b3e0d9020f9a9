package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
)

// outputFlag adds -o to c.
func outputFlag(c *cobra.Command, output *string) {
	*output = screen.AsTable
	c.Flags().VarP(config.OneOf(output, screen.AsTable, screen.AsJSON, screen.AsYAML), "output", "o", "`format`: table for people, json or yaml for programs")
	help.Group(c, "Output", "output")
}

// print shows data in the form that was asked for: to programs what the API
// answered, all of it, and to people what draw makes of it. It is the one place
// that does.
func (a app) print(output string, raw []byte, draw func(*screen.Screen)) error {
	text, err := screen.Render(output, raw, a.stdout, draw)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// printValue is print for what no node was asked for.
func (a app) printValue(output string, value any, draw func(*screen.Screen)) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return a.print(output, raw, draw)
}

// tell prints lines of what was done.
func (a app) tell(lines ...string) error {
	var errs []error
	for _, line := range lines {
		_, err := fmt.Fprintln(a.stdout, line)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

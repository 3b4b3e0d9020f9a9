package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/config"
)

// The forms in which data are shown.
const (
	asTable = "table"
	asJSON  = "json"
	asYAML  = "yaml"
)

// outputFlag adds -o to c.
func outputFlag(c *cobra.Command, output *string) {
	*output = asTable
	c.Flags().VarP(oneOf{output, []string{asTable, asJSON, asYAML}}, "output", "o", "`format`: table for people, json or yaml for programs")
	group(c, "Output", "output")
}

// print shows data in the form that was asked for: to programs what the API
// answered, all of it, and to people what draw makes of it. It is the one place
// that does.
func (a app) print(output string, raw []byte, draw func(*screen)) error {
	text, err := a.rendered(output, raw, draw)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

func (a app) rendered(output string, raw []byte, draw func(*screen)) ([]byte, error) {
	switch output {
	case asJSON:
		return indented(raw)
	case asYAML:
		return config.YAML(raw)
	}
	s := newScreen(a.stdout)
	draw(s)
	return s.Bytes(), nil
}

// printValue is print for what no node was asked for.
func (a app) printValue(output string, value any, draw func(*screen)) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return a.print(output, raw, draw)
}

func indented(raw []byte) ([]byte, error) {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, bytes.TrimSpace(raw), "", "  "); err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}

package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

// longestDeclaration is more than a node takes in one request, in bytes.
const longestDeclaration = 16 << 20

// declaration is what a file says of endpoints, and what export writes.
type declaration struct {
	Endpoints []fsm.Declared `json:"endpoints"`
}

// readDeclaration reads the file name, or standard input for "-".
func readDeclaration(name string) (d declaration, err error) {
	from := os.Stdin
	if name != "-" {
		if from, err = os.Open(name); err != nil {
			return d, fmt.Errorf("read the endpoints: %w", err)
		}
		defer func() { _ = from.Close() }() // it was only read
	} else {
		name = "standard input"
	}
	text, err := io.ReadAll(io.LimitReader(from, longestDeclaration+1))
	if err != nil {
		return d, fmt.Errorf("read the endpoints: %w", err)
	}
	if err := config.Decode(name, text, &d); err != nil {
		return d, err
	}
	if d.Endpoints == nil {
		return d, fmt.Errorf("%s says nothing of endpoints: begin it with \"endpoints:\", or write \"endpoints: []\" for none", name)
	}
	return d, nil
}

// declared is what remains of an endpoint when what it came to is left out.
func declared(all []api.Endpoint) declaration {
	d := declaration{Endpoints: make([]fsm.Declared, len(all))}
	for i, e := range all {
		d.Endpoints[i] = fsm.Declared{Key: e.Key, Value: e.Value, Overrides: e.Settings, Labels: e.Labels, Parents: e.Parents}
	}
	return d
}

func (a app) endpointExport() *cobra.Command {
	var addresses []string
	output := screen.AsYAML
	c := &cobra.Command{
		Use:         "export [flags]",
		Short:       "Write endpoints as a file that apply reads",
		Annotations: map[string]string{help.Order: "4"},
		Long: `Writes value, settings and labels of the endpoints to standard output, and
nothing of what they came to. Settings that they have from the cluster are left
out: they stay the cluster's when the file is applied elsewhere.`,
		Example: `tocsin endpoint export > endpoints.yaml
tocsin endpoint export --prefix web/ -o json
tocsin endpoint export --address old:6000 |
    tocsin endpoint apply - --address new:6000`,
		Args: exactly(),
	}
	which := selectionFlags(c, false)
	addressFlag(c, &addresses)
	c.Flags().VarP(config.OneOf(&output, screen.AsYAML, screen.AsJSON), "output", "o", "`format`: yaml or json")
	help.Group(c, "Output", "output")
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		_, all, err := fetchEndpoints(c, nodes, which)
		if err != nil {
			return fmt.Errorf("endpoint export: %w", err)
		}
		return a.printValue(output, declared(all), nil)
	}
	return c
}

// scopeOf returns what --prune is to cover, nil without it.
func scopeOf(c *cobra.Command, prune bool, which *selection) (*fsm.Scope, error) {
	labels, err := labelsOf(c, which.labels)
	if err != nil {
		return nil, err
	}
	given := which.prefix != "" || labels != nil
	switch {
	case !prune && given:
		return nil, misuse(c, "--prefix and --label say what --prune covers: give --prune too, or leave them out")
	case !prune:
		return nil, nil
	case !given:
		return nil, misuse(c, "--prune alone would delete all other endpoints: say which it covers with --prefix or --label")
	}
	scope := &fsm.Scope{Prefix: which.prefix}
	if labels != nil {
		scope.Labels = *labels
	}
	return scope, nil
}

// commonPrefix is what the keys of all of d begin with.
func (d declaration) commonPrefix() string {
	if len(d.Endpoints) == 0 {
		return ""
	}
	prefix := d.Endpoints[0].Key
	for _, e := range d.Endpoints[1:] {
		for !strings.HasPrefix(e.Key, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return strings.ToValidUTF8(prefix, "")
}

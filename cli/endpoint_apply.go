package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

func (a app) endpointApply() *cobra.Command {
	var addresses []string
	var output string
	var prune, dryRun bool
	c := &cobra.Command{
		Use:         "apply FILE|- [flags]",
		Short:       "Make endpoints be as a file says, all or none",
		Annotations: map[string]string{help.Order: "3"},
		Long: `Adds the endpoints of FILE, or makes them be as they stand there: settings,
labels and parents that are left out are dropped. Others are left alone, unless
--prune covers them: then they are deleted. It is one change: all of it is done,
or nothing. What it changed is shown like a difference of two files; --dry-run
shows it and changes nothing.

FILE ("-" is standard input) is what "tocsin endpoint export" writes, YAML or
JSON:

  endpoints:
    - key: web/1
      value: http://10.0.0.1/health
      settings:
        check: http
        interval: 5s
      labels:
        team: storage
      parents: [router]`,
		Example: `tocsin endpoint apply web.yaml --dry-run
tocsin endpoint apply web.yaml --prune --prefix web/
tocsin endpoint apply - <web.json`,
		Args: exactly("FILE"),
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be changed, and change nothing")
	c.Flags().BoolVar(&prune, "prune", false, "delete the others that --prefix and --label cover; those of FILE have to be covered too")
	help.Group(c, "Applying", "dry-run", "prune")
	scope := selectionFlags(c, false)
	c.Flags().Lookup("prefix").Usage = "prune those whose key begins with this `text`"
	c.Flags().Lookup("label").Usage = "prune those with this label, as `name=value`; of several, all"
	help.Group(c, "Applying", "prefix", "label")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		covered, err := scopeOf(c, prune, scope)
		if err != nil {
			return err
		}
		d, err := readDeclaration(args[0])
		if err != nil {
			return err
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, done, err := applyTo(c, nodes, d, covered, dryRun)
		if err != nil {
			return fmt.Errorf("endpoint apply: %w", err)
		}
		if err := a.print(output, raw, func(s *screen.Screen) { drawDifference(s, done) }); err != nil {
			return err
		}
		a.say("%s\n", done.inShort())
		return nil
	}
	return c
}

// applied is what a declaration changed, or would change, and what was there.
type applied struct {
	api.Applied
	to     map[string]fsm.Declared
	before map[string]fsm.Declared
}

// applyTo first asks what would be changed, to be able to say what it was before.
// Whoever writes in between is not told of: the difference that is shown is the
// one that the cluster made.
func applyTo(c *cobra.Command, nodes *client.Client, d declaration, prune *fsm.Scope, dryRun bool) (raw []byte, done applied, err error) {
	wish := client.Request{
		Method: http.MethodPost, Path: "/v1/endpoints:apply",
		Body: api.ApplyRequest{Endpoints: d.Endpoints, Prune: prune, DryRun: true},
	}
	if raw, err = nodes.Ask(c.Context(), wish); err != nil {
		return nil, done, err
	}
	if err := json.Unmarshal(raw, &done.Applied); err != nil {
		return nil, done, fmt.Errorf("the answer can't be read: %w", err)
	}
	done.to, done.before = byKey(d), map[string]fsm.Declared{}
	if len(done.Difference.Changed) > 0 {
		_, all, err := fetchEndpoints(c, nodes, &selection{prefix: d.commonPrefix()})
		if err != nil {
			return nil, done, err
		}
		done.before = byKey(declared(all))
	}
	if dryRun {
		return raw, done, nil
	}
	wish.Body = api.ApplyRequest{Endpoints: d.Endpoints, Prune: prune}
	if raw, err = nodes.Ask(c.Context(), wish); err != nil {
		return nil, done, err
	}
	if err := json.Unmarshal(raw, &done.Applied); err != nil {
		return nil, done, fmt.Errorf("it was done, and the answer can't be read: %w", err)
	}
	return raw, done, nil
}

func byKey(d declaration) map[string]fsm.Declared {
	all := make(map[string]fsm.Declared, len(d.Endpoints))
	for _, e := range d.Endpoints {
		all[e.Key] = e
	}
	return all
}

func (done applied) inShort() string {
	d := done.Difference
	text := fmt.Sprintf("%d added, %d changed, %d deleted, %d unchanged", len(d.Added), len(d.Changed), len(d.Deleted), d.Unchanged)
	if done.DryRun {
		return text + ", if this were applied"
	}
	return text
}

// drawDifference writes what is new behind a plus, and what is no more behind a
// minus, in the order of the keys.
func drawDifference(s *screen.Screen, done applied) {
	lines := map[string][]string{}
	for _, key := range done.Difference.Added {
		lines[key] = []string{s.Paint(screen.Green, "+ "+screen.Clean(key))}
		for _, field := range fieldsOf(done.to[key]) {
			lines[key] = append(lines[key], s.Paint(screen.Green, "+   "+field.line()))
		}
	}
	for _, key := range done.Difference.Deleted {
		lines[key] = []string{s.Paint(screen.Red, "- "+screen.Clean(key))}
	}
	for _, change := range done.Difference.Changed {
		lines[change.Key] = drawChange(s, change, fieldsOf(done.before[change.Key]), fieldsOf(done.to[change.Key]))
	}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		for _, line := range lines[key] {
			s.Line("%s", line)
		}
	}
}

func drawChange(s *screen.Screen, change fsm.Change, before, after []field) []string {
	lines := []string{"  " + screen.Clean(change.Key)}
	for _, name := range change.Fields {
		within := func(f field) bool { return f.name == name || name == "labels" && strings.HasPrefix(f.name, "labels.") }
		for _, f := range before {
			if within(f) && !slices.Contains(after, f) {
				lines = append(lines, s.Paint(screen.Red, "-   "+f.line()))
			}
		}
		for _, f := range after {
			if within(f) && !slices.Contains(before, f) {
				lines = append(lines, s.Paint(screen.Green, "+   "+f.line()))
			}
		}
	}
	return lines
}

// field is one thing that a declaration says.
type field struct{ name, value string }

func (f field) line() string { return screen.Clean(f.name + ": " + screen.Cut(f.value, 200)) }

// fieldsOf returns what d says, with the names that a difference has.
func fieldsOf(d fsm.Declared) []field {
	fields := []field{{"value", d.Value}}
	for _, s := range settingsOf(d.Overrides) {
		fields = append(fields, field{"settings." + s.name, s.value})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Labels)) {
		fields = append(fields, field{"labels." + name, d.Labels[name]})
	}
	if len(d.Parents) > 0 {
		fields = append(fields, field{"parents", strings.Join(d.Parents, ", ")})
	}
	return fields
}

// settingsOf returns the settings that o has, in their order and in their words.
func settingsOf(o fsm.Overrides) []field {
	var fields []field
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields = append(fields, field{name, config.Short(fmt.Sprint(v.Field(i).Elem()))})
	}
	return fields
}

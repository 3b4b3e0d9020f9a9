package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/config"
	"tocsin/fsm"
)

const listPath = "/v1/endpoints"

func (a app) endpoint() *cobra.Command {
	return family(&cobra.Command{
		Use:         "endpoint list|show|apply|export|state",
		Short:       "Look at endpoints, and keep many of them in a file",
		Annotations: map[string]string{order: "4"},
		Long: `One endpoint is added, read and deleted with set, get and del. These commands
are for many: export writes them to a file, apply makes them be as a file says;
and for what is done to one by hand.`,
		Example: `tocsin endpoint list --state DOWN
tocsin endpoint export --prefix web/ > web.yaml
tocsin endpoint apply web.yaml --prune --prefix web/ --dry-run`,
	}, a.endpointList(), a.endpointShow(), a.endpointApply(), a.endpointExport(), a.endpointState())
}

// fetchEndpoints returns all that are meant, as the API tells of them.
func fetchEndpoints(c *cobra.Command, client *client, which *selection) (raw []byte, all []api.Endpoint, err error) {
	query, err := which.query(c)
	if err != nil {
		return nil, nil, err
	}
	if raw, err = fetchPages(c.Context(), client, listPath, query); err != nil {
		return nil, nil, err
	}
	var answer api.Endpoints
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, nil, fmt.Errorf("the answer can't be read: %w", err)
	}
	return raw, answer.Endpoints, nil
}

func (a app) endpointList() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "list [flags]",
		Short:       "List endpoints with what they are checked by",
		Annotations: map[string]string{order: "1"},
		Long: `Shows a line for each endpoint. What the nodes say of them is told by
"tocsin status", which takes the same flags.`,
		Example: `tocsin endpoint list --prefix web/
tocsin endpoint list --label team=storage --state down
tocsin endpoint list -o json | jq -r '.endpoints[].key'`,
		Args: exactly(),
	}
	which := selectionFlags(c, true)
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, all, err := fetchEndpoints(c, client, which)
		if err != nil {
			return fmt.Errorf("endpoint list: %w", err)
		}
		if len(all) == 0 {
			a.say("No endpoints. Add the first one with \"tocsin set KEY VALUE\", or ask for others.\n")
		}
		return a.print(output, raw, func(s *screen) { s.endpointTable(all) })
	}
	return c
}

func (s *screen) endpointTable(all []api.Endpoint) {
	if len(all) == 0 {
		return
	}
	rows := make([][]string, len(all))
	for i, e := range all {
		check := string(e.Effective.Check)
		if script := scriptOf(e); script != "" {
			check += " " + script
		}
		rows[i] = []string{cut(clean(e.Key), 40), s.status(e.State), clean(check), cut(clean(e.Value), 60), cmp.Or(labelList(e.Labels), "-")}
	}
	s.table([]string{"KEY", "STATE", "CHECK", "VALUE", "LABELS"}, rows, 0, 2, 3, 4)
}

// scriptOf names what the check of e runs, "" if it runs nothing.
func scriptOf(e api.Endpoint) string {
	if fsm.Check(e.Effective.Check).RunsScript() {
		return e.Effective.Verify
	}
	return ""
}

func labelList(labels map[string]string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, clean(name+"="+labels[name]))
	}
	return strings.Join(words, " ")
}

func (a app) endpointShow() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "show KEY [flags]",
		Short:       "Show an endpoint with the settings that hold for it",
		Annotations: map[string]string{order: "2"},
		Long: `Shows the value, the labels and all settings of an endpoint, and which of them
are its own; the others are the cluster's. What the nodes say of it is told by
"tocsin status KEY".`,
		Example: `tocsin endpoint show web
tocsin endpoint show web -o json | jq .settings`,
		Args: exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, e, err := fetch[api.Endpoint](c.Context(), client, keyPath(endpointsPath, args[0]), nil)
		if err != nil {
			return fmt.Errorf("endpoint show %s: %w", clean(args[0]), err)
		}
		return a.print(output, raw, func(s *screen) { s.wholeEndpoint(e) })
	}
	return c
}

func (s *screen) wholeEndpoint(e api.Endpoint) {
	s.line("%s is %s", clean(e.Key), s.status(e.State))
	s.line("value   %s", cut(clean(e.Value), 200))
	head := "labels"
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		s.line("%-7s %s=%s", head, clean(name), clean(e.Labels[name]))
		head = ""
	}
	if len(e.Parents) > 0 {
		s.line("parents %s", clean(strings.Join(e.Parents, ", ")))
	}
	s.line("")
	holds, own := reflect.ValueOf(e.Effective), reflect.ValueOf(e.Settings)
	rows := make([][]string, own.NumField())
	for i := range own.NumField() {
		from := "cluster"
		if !own.Field(i).IsNil() {
			from = "its own"
		}
		field := own.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		rows[i] = []string{name, clean(config.Short(fmt.Sprint(holds.FieldByName(field.Name)))), from}
	}
	s.table([]string{"SETTING", "VALUE", "FROM"}, rows, 1)
}

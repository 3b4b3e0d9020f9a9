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
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

const listPath = "/v1/endpoints"

func (a app) endpoint() *cobra.Command {
	return family(&cobra.Command{
		Use:         "endpoint list|show|apply|export|state|check",
		Short:       "Look at endpoints, and keep many of them in a file",
		Annotations: map[string]string{help.Order: "4"},
		Long: `One endpoint is added, read and deleted with set, get and del. These commands
are for many: export writes them to a file, apply makes them be as a file says;
and for what is done to one by hand.`,
		Example: `tocsin endpoint list --state DOWN
tocsin endpoint export --prefix web/ > web.yaml
tocsin endpoint apply web.yaml --prune --prefix web/ --dry-run`,
	}, a.endpointList(), a.endpointShow(), a.endpointApply(), a.endpointExport(), a.endpointState(), a.check("tocsin endpoint check", "6"))
}

// fetchEndpoints returns all that are meant, as the API tells of them.
func fetchEndpoints(c *cobra.Command, nodes *client.Client, which *selection) (raw []byte, all []api.Endpoint, err error) {
	query, err := which.query(c)
	if err != nil {
		return nil, nil, err
	}
	if raw, err = client.FetchAll(c.Context(), nodes, listPath, query); err != nil {
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
		Annotations: map[string]string{help.Order: "1"},
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
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, all, err := fetchEndpoints(c, nodes, which)
		if err != nil {
			return fmt.Errorf("endpoint list: %w", err)
		}
		if len(all) == 0 {
			a.say("No endpoints. Add the first one with \"tocsin set KEY VALUE\", or ask for others.\n")
		}
		return a.print(output, raw, func(s *screen.Screen) { drawEndpointTable(s, all) })
	}
	return c
}

func drawEndpointTable(s *screen.Screen, all []api.Endpoint) {
	if len(all) == 0 {
		return
	}
	rows := make([][]string, len(all))
	for i, e := range all {
		check := string(e.Effective.Check)
		if script := scriptOf(e); script != "" {
			check += " " + script
		}
		rows[i] = []string{screen.Cut(screen.Clean(e.Key), 40), s.Status(e.State), screen.Clean(check), screen.Cut(screen.Clean(e.Value), 60), cmp.Or(labelList(e.Labels), "-")}
	}
	s.Table([]string{"KEY", "STATE", "CHECK", "VALUE", "LABELS"}, rows, 0, 2, 3, 4)
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
		words = append(words, screen.Clean(name+"="+labels[name]))
	}
	return strings.Join(words, " ")
}

func (a app) endpointShow() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "show KEY [flags]",
		Short:       "Show an endpoint with the settings that hold for it",
		Annotations: map[string]string{help.Order: "2"},
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
		return show(a, c, &addresses, output, client.Request{Path: client.KeyPath(endpointsPath, args[0])}, drawWholeEndpoint)
	}
	return c
}

func drawWholeEndpoint(s *screen.Screen, e api.Endpoint) {
	s.Line("%s is %s", screen.Clean(e.Key), s.Status(e.State))
	s.Line("value   %s", screen.Cut(screen.Clean(e.Value), 200))
	head := "labels"
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		s.Line("%-7s %s=%s", head, screen.Clean(name), screen.Clean(e.Labels[name]))
		head = ""
	}
	if len(e.Parents) > 0 {
		s.Line("parents %s", screen.Clean(strings.Join(e.Parents, ", ")))
	}
	s.Line("")
	holds, own := reflect.ValueOf(e.Effective), reflect.ValueOf(e.Settings)
	rows := make([][]string, own.NumField())
	for i := range own.NumField() {
		from := "cluster"
		if !own.Field(i).IsNil() {
			from = "its own"
		}
		field := own.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		rows[i] = []string{name, screen.Clean(meaning(name, config.Short(fmt.Sprint(holds.FieldByName(field.Name))), e.Effective.Interval)), from}
	}
	s.Table([]string{"SETTING", "VALUE", "FROM"}, rows, 1)
}

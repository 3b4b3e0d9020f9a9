package cli

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/api"
	"tocsin/config"
	"tocsin/fsm"
)

const endpointsPath = "/v1/endpoints/"

func (a app) set() *cobra.Command {
	var addresses, labels, parents []string
	var plain bool
	settings := fsm.DefaultSettings()
	c := &cobra.Command{
		Use:         "set KEY VALUE [flags]",
		Short:       "Add an endpoint, or change one",
		Annotations: map[string]string{order: "2"},
		Long: `Watches KEY from now on, on every node. The scripts get KEY and VALUE; for
--check http the value is a URL, for --check tcp HOST:PORT.

Without flags the endpoint has the settings of the cluster, or keeps those of
its own that it has. Settings and labels given here are put over those; --plain
drops what is not given. No change of an endpoint is decided while a --parent of
it is DOWN.`,
		Example: `tocsin set web http://10.0.0.1/health --check http --interval 5s
tocsin set db 10.0.0.2:5432 --check tcp --label team=storage
tocsin set ping pong --verify ping.sh --quorum 4`,
		Args: exactly("KEY", "VALUE"),
	}
	addOptions(c, settingGroups(&settings), func(o config.Option) pflag.Value { return o.Value })
	hideDefaults(c)
	c.Flags().BoolVar(&plain, "plain", false, "drop the settings, labels and parents that the endpoint has of its own and that are not given here")
	c.Flags().StringArrayVar(&labels, "label", nil, "a free `name=value`, as often as you like")
	c.Flags().StringArrayVar(&parents, "parent", nil, "the `key` of an endpoint that this one depends on, as often as you like; in place of those it has, none with \"\"")
	group(c, "Endpoint", "plain", "label", "parent")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		body := api.EndpointRequest{Value: &args[1], Settings: overridesOf(c.Flags(), &settings)}
		given, err := labelsOf(c, labels)
		if err != nil {
			return err
		}
		body.Labels = given
		if c.Flags().Changed("parent") {
			body.Parents = new(slices.DeleteFunc(parents, func(key string) bool { return key == "" }))
		}
		method := http.MethodPatch
		if plain {
			method = http.MethodPut
			if body.Settings == nil {
				body.Settings = &fsm.Overrides{}
			}
			if body.Labels == nil {
				body.Labels = &map[string]string{}
			}
			if body.Parents == nil {
				body.Parents = &[]string{}
			}
		}
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		_, err = client.ask(c.Context(), request{method: method, path: keyPath(endpointsPath, args[0]), body: body})
		if err != nil {
			return fmt.Errorf("set %s: %w", clean(args[0]), err)
		}
		_, err = fmt.Fprintln(a.stdout, "ok")
		return err
	}
	return c
}

// hideDefaults takes the defaults off the help of flags that have none: what is
// not given stays as the cluster has it.
func hideDefaults(c *cobra.Command) {
	for _, name := range []string{
		"interval", "retry-interval", "timeout", "timeout-is", "fall", "rise", "check", "verify",
		"quorum", "sites", "cooldown", "notify", "notify-timeout", "notify-attempts",
	} {
		c.Flags().Lookup(name).DefValue = ""
	}
}

func labelsOf(c *cobra.Command, given []string) (*map[string]string, error) {
	if len(given) == 0 {
		return nil, nil
	}
	labels := make(map[string]string, len(given))
	for _, l := range given {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return nil, misuse(c, "label %q is not like team=storage", l)
		}
		labels[name] = value
	}
	return &labels, nil
}

func (a app) get() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "get KEY [flags]",
		Short:       "Print the value of an endpoint",
		Annotations: map[string]string{order: "3"},
		Example: `tocsin get web
tocsin get web -o json    # with its settings and labels`,
		Args: exactly("KEY"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, endpoint, err := fetch[api.Endpoint](c.Context(), client, keyPath(endpointsPath, args[0]), nil)
		if err != nil {
			return fmt.Errorf("get %s: %w", clean(args[0]), err)
		}
		return a.print(output, raw, func(s *screen) { s.line("%s", endpoint.Value) })
	}
	return c
}

func (a app) del() *cobra.Command {
	var addresses []string
	c := &cobra.Command{
		Use:         "del KEY [flags]",
		Short:       "Delete an endpoint",
		Annotations: map[string]string{order: "4"},
		Long: `Watches KEY no more, on any node, and forgets what was seen of it. Its events
stay in the history. Notifications that have not started are dropped.`,
		Example: `tocsin del web`,
		Args:    exactly("KEY"),
	}
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		_, err = client.ask(c.Context(), request{method: http.MethodDelete, path: keyPath(endpointsPath, args[0])})
		if err != nil && !alreadyDone(err) {
			return fmt.Errorf("del %s: %w", clean(args[0]), err)
		}
		_, err = fmt.Fprintln(a.stdout, "ok")
		return err
	}
	return c
}

// alreadyDone reports whether what a deletion did not find is what an earlier
// try of it, whose answer was lost, has deleted.
func alreadyDone(err error) bool {
	no, ok := errors.AsType[refused](err)
	return ok && no.status == http.StatusNotFound && no.uncertain
}

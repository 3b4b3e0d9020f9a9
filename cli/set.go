package cli

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tocsin/api"
	"tocsin/cli/agent"
	"tocsin/cli/client"
	"tocsin/cli/help"
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
		Annotations: map[string]string{help.Order: "2"},
		Long: `Watches KEY from now on, on every node. The scripts get KEY and VALUE; for
--check http the value is a URL, for --check tcp HOST:PORT.

Without flags the endpoint has the settings of the cluster, or keeps those of
its own that it has. Settings and labels given here are put over those; --plain
drops what is not given. No change of an endpoint is decided while a --parent of
it is DOWN.

Prints what that took: added, changed, or unchanged if all of it was so already.`,
		Example: `tocsin set web http://10.0.0.1/health --check http --interval 5s
tocsin set db 10.0.0.2:5432 --check tcp --label team=storage
tocsin set ping pong --verify ping.sh --quorum 4`,
		Args: exactly("KEY", "VALUE"),
	}
	addOptions(c, agent.SettingGroups(&settings), func(o config.Option) pflag.Value { return o.Value })
	hideDefaults(c)
	c.Flags().BoolVar(&plain, "plain", false, "drop the settings, labels and parents that the endpoint has of its own and that are not given here")
	c.Flags().StringArrayVar(&labels, "label", nil, "a free `name=value`, as often as you like")
	c.Flags().StringArrayVar(&parents, "parent", nil, "the `key` of an endpoint that this one depends on, as often as you like; in place of those it has, none with \"\"")
	help.Group(c, "Endpoint", "plain", "label", "parent")
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
		return a.put(c, &addresses, client.Request{Method: method, Path: client.KeyPath(endpointsPath, args[0]), Body: body})
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

// labelsOf returns what --label said, nil if it was not given.
func labelsOf(c *cobra.Command, given []string) (*map[string]string, error) {
	if len(given) == 0 {
		return nil, nil
	}
	labels, err := fsm.ParseLabels(given)
	if err != nil {
		return nil, misused(c, err)
	}
	return &labels, nil
}

// overridesOf returns the settings whose flags were given, nil if none was.
func overridesOf(flags *pflag.FlagSet, s *fsm.Settings) *fsm.Overrides {
	var o fsm.Overrides
	given := []bool{
		take(flags, "interval", &o.Interval, &s.Interval),
		take(flags, "retry-interval", &o.RetryInterval, &s.RetryInterval),
		take(flags, "timeout", &o.Timeout, &s.Timeout),
		take(flags, "timeout-is", &o.TimeoutIs, &s.TimeoutIs),
		take(flags, "fall", &o.Fall, &s.Fall),
		take(flags, "rise", &o.Rise, &s.Rise),
		take(flags, "quorum", &o.Quorum, &s.Quorum),
		take(flags, "sites", &o.Sites, &s.Sites),
		take(flags, "cooldown", &o.Cooldown, &s.Cooldown),
		take(flags, "check", &o.Check, &s.Check),
		take(flags, "verify", &o.Verify, &s.Verify),
		take(flags, "notify", &o.Notify, &s.Notify),
		take(flags, "notify-timeout", &o.NotifyTimeout, &s.NotifyTimeout),
		take(flags, "notify-attempts", &o.NotifyAttempts, &s.NotifyAttempts),
	}
	if cmp.Or(given...) {
		return &o
	}
	return nil
}

// take points field at value if the flag was given.
func take[T any](flags *pflag.FlagSet, name string, field **T, value *T) bool {
	if !flags.Changed(name) {
		return false
	}
	*field = value
	return true
}

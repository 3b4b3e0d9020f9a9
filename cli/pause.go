package cli

import (
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/fsm"
)

// covering says which endpoints a pause or a window covers.
type covering struct {
	selection
	all bool
}

// coveringFlags adds --all, --prefix and --label to c.
func coveringFlags(c *cobra.Command) *covering {
	w := &covering{}
	c.Flags().BoolVar(&w.all, "all", false, "all endpoints, those to come too")
	c.Flags().StringVar(&w.prefix, "prefix", "", "those whose key begins with this `text`")
	c.Flags().StringArrayVar(&w.labels, "label", nil, "those with this label, as `name=value`; of several, all")
	help.Group(c, "Which", "all", "prefix", "label")
	return w
}

// scope asks for one of both: nobody covers all by forgetting a flag.
func (w *covering) scope(c *cobra.Command) (fsm.Scope, error) {
	s := fsm.Scope{Prefix: w.prefix}
	labels, err := labelsOf(c, w.labels)
	if err != nil {
		return s, err
	}
	if labels != nil {
		s.Labels = *labels
	}
	some := s.Prefix != "" || len(s.Labels) > 0
	if some == w.all {
		return s, misuse(c, "say which endpoints are meant: --all of them, or some by --prefix or --label")
	}
	return s, nil
}

// clock reads a time of day as people write it.
func clock(c *cobra.Command, name, text string) (at time.Time, err error) {
	if text == "" {
		return at, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if at, err = time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return at, misuse(c, "--%s %q is not like \"2026-12-24 22:00\" or 2026-12-24T22:00:00+01:00", name, text)
}

func (a app) pause() *cobra.Command {
	var addresses []string
	var body api.PauseRequest
	var until string
	var lasts fsm.Duration
	c := &cobra.Command{
		Use:         "pause [flags]",
		Short:       "Decide nothing about endpoints for a while",
		Annotations: map[string]string{help.Order: "6c"},
		Long: `Checks go on, and what they come to is shown, but no change of the endpoints is
committed, and so nobody is notified. Afterwards the state of that moment is
decided: what came and went in between is never told. Paused again, the same
endpoints get the new reason and end. "tocsin status" shows what is paused.

Prints what that took: added, changed, or unchanged if all of it was so already.`,
		Example: `tocsin pause --prefix web/ --for 2h --reason "new switches in rack 7"
tocsin pause --label team=storage --until "2026-12-24 22:00" --reason upgrade
tocsin pause --all --reason "the network is being moved"`,
		Args: exactly(),
	}
	which := coveringFlags(c)
	c.Flags().StringVar(&body.Reason, "reason", "", "`why`, for those who will wonder")
	c.Flags().Var(config.Word(&lasts, "duration"), "for", "how long it lasts; until somebody resumes, if neither this nor --until is given")
	c.Flags().StringVar(&until, "until", "", "`when` it ends, like \"2026-12-24 22:00\"")
	byFlag(c, &body.By)
	help.Group(c, "Pause", "reason", "for", "until", "by")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, _ []string) error {
		scope, err := which.scope(c)
		if err != nil {
			return err
		}
		if body.Reason == "" {
			return misuse(c, "--reason is missing: say why, for those who will wonder")
		}
		if body.Until, err = clock(c, "until", until); err != nil {
			return err
		}
		if c.Flags().Changed("for") && lasts <= 0 || lasts > 0 && until != "" {
			return misuse(c, "say once when it ends, by --for or --until, and later than now")
		}
		body.Prefix, body.Labels, body.For = scope.Prefix, scope.Labels, lasts
		err = a.put(c, &addresses, client.Request{Method: http.MethodPost, Path: "/v1/pause", Body: body})
		if err != nil || which.all {
			return err
		}
		return a.sayIfNone(c, &addresses, which)
	}
	return c
}

// sayIfNone says that no endpoint is covered, which is no error: some may come.
func (a app) sayIfNone(c *cobra.Command, addresses *[]string, which *covering) error {
	nodes, err := a.nodes(c, addresses)
	if err != nil {
		return err
	}
	query, err := which.query(c)
	if err != nil {
		return err
	}
	query.Set("limit", "1")
	_, status, err := client.Fetch[api.Status](c.Context(), nodes, "/v1/status", query)
	if err == nil && len(status.Endpoints) == 0 {
		a.say("It covers no endpoint that is there now, only those to come: \"tocsin resume\" takes it back.\n")
	}
	return nil // it is done, whatever can be said of it
}

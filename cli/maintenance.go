package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

const maintenancePath = "/v1/maintenance"

func (a app) maintenance() *cobra.Command {
	return family(&cobra.Command{
		Use:         "maintenance list|add|remove",
		Short:       "Plan when nothing is decided",
		Annotations: map[string]string{help.Order: "6e"},
		Long: `A maintenance window does what a pause does, at times that are planned: again
and again by a cron expression in a time zone, or once.`,
		Example: `tocsin maintenance add nightly --label team=storage \
    --cron "0 2 * * *" --zone Europe/Paris --for 1h
tocsin maintenance list`,
	}, a.maintenanceList(), a.maintenanceAdd(), a.maintenanceRemove())
}

func (a app) maintenanceList() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "list [flags]",
		Short:       "List the maintenance windows, and the pauses",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Shows what holds now, by the clock of the node that is asked, and when each
window opens next, in the time zone of this terminal. With -o yaml also what
they were planned by.`,
		Example: `tocsin maintenance list
tocsin maintenance list -o json | jq '.windows[] | select(.open)'`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		var all struct {
			api.Pauses
			api.Windows
		}
		_, all.Pauses, err = client.Fetch[api.Pauses](c.Context(), nodes, "/v1/pause", nil)
		if err != nil {
			return fmt.Errorf("maintenance list: %w", err)
		}
		_, all.Windows, err = client.Fetch[api.Windows](c.Context(), nodes, maintenancePath, nil)
		if err != nil {
			return fmt.Errorf("maintenance list: %w", err)
		}
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if len(all.Pauses.Pauses)+len(all.Windows.Windows) == 0 {
			a.say("Nothing is paused, and nothing is planned.\n")
		}
		return a.print(output, raw, func(s *screen.Screen) { drawHolds(s, all.Pauses.Pauses, all.Windows.Windows) })
	}
	return c
}

func drawHolds(s *screen.Screen, pauses []api.Pause, windows []api.Window) {
	if len(pauses)+len(windows) == 0 {
		return
	}
	rows := make([][]string, 0, len(pauses)+len(windows))
	for _, p := range pauses {
		until := "until resumed"
		if !p.Until.IsZero() {
			until = "until " + screen.Minute(p.Until)
		}
		rows = append(rows, []string{"-", s.Paint(screen.Yellow, "paused"), covers(p.Prefix, p.Labels), until, words(p.By, p.Reason)})
	}
	for _, w := range windows {
		now, when := "closed", "over"
		if w.Problem != "" {
			now, when = s.Paint(screen.Red, "holds nothing"), screen.Clean(w.Problem)
		} else if w.Open != nil {
			now, when = s.Paint(screen.Yellow, "open"), "until "+screen.Minute(w.Open.To)
		} else if w.Next != nil {
			when = fmt.Sprintf("from %s for %s", screen.Minute(w.Next.From), screen.Ago(time.Duration(w.Duration)))
		}
		rows = append(rows, []string{screen.Clean(w.Name), now, covers(w.Prefix, w.Labels), when, words(w.By, w.Reason)})
	}
	s.Table([]string{"WINDOW", "NOW", "COVERS", "WHEN", "WHY"}, rows, 2, 4)
}

func covers(prefix string, labels map[string]string) string {
	var parts []string
	if prefix != "" {
		parts = append(parts, screen.Clean(prefix)+"*")
	}
	if len(labels) > 0 {
		parts = append(parts, labelList(labels))
	}
	return cmp.Or(strings.Join(parts, " "), "all")
}

// words says what people said: "anna: new switches".
func words(by, reason string) string {
	switch {
	case by != "" && reason != "":
		return screen.Clean(by + ": " + reason)
	case by+reason == "":
		return "-"
	}
	return screen.Clean(by + reason)
}

func (a app) maintenanceAdd() *cobra.Command {
	var addresses []string
	var body api.WindowRequest
	var from string
	var lasts fsm.Duration
	c := &cobra.Command{
		Use:         "add NAME [flags]",
		Short:       "Add a maintenance window, or make it another",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Begins again and again, as --cron says by the clocks of --zone (minute, hour,
day of the month, month, day of the week), or once at --from, and lasts for
--for each time. Of a beginning that the clocks leave out in spring, it begins
as much later; one that they show twice in autumn comes once. A window that
came once is removed when it is over.

Prints what that took: added, changed, or unchanged if all of it was so already.`,
		Example: `tocsin maintenance add nightly --prefix web/ \
    --cron "0 2 * * *" --zone Europe/Paris --for 1h
tocsin maintenance add move --all \
    --from "2026-12-24 22:00" --for 4h --reason "new racks"`,
		Args: exactly("NAME"),
	}
	which := coveringFlags(c)
	c.Flags().StringVar(&body.Cron, "cron", "", "when it begins, again and again, as a cron `expression`")
	c.Flags().StringVar(&body.Zone, "zone", "", "time `zone` of --cron, like Europe/Paris; UTC if not given")
	c.Flags().StringVar(&from, "from", "", "`when` it begins once, like \"2026-12-24 22:00\"")
	c.Flags().Var(config.Word(&lasts, "duration"), "for", "how long it lasts")
	c.Flags().StringVar(&body.Reason, "reason", "", "`why`, for those who will wonder")
	byFlag(c, &body.By)
	help.Group(c, "Window", "cron", "zone", "from", "for", "reason", "by")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		scope, err := which.scope(c)
		if err != nil {
			return err
		}
		if body.From, err = clock(c, "from", from); err != nil {
			return err
		}
		if (body.Cron == "") == (from == "") {
			return misuse(c, "say when it begins: --cron for one that comes again, or --from for one that comes once")
		}
		if lasts <= 0 {
			return misuse(c, "--for is missing: say how long it lasts, like --for 1h")
		}
		body.Prefix, body.Labels, body.Duration = scope.Prefix, scope.Labels, lasts
		return a.put(c, &addresses, client.Request{Method: http.MethodPut, Path: client.KeyPath(maintenancePath+"/", args[0]), Body: body})
	}
	return c
}

func (a app) maintenanceRemove() *cobra.Command {
	var addresses []string
	c := &cobra.Command{
		Use:         "remove NAME [flags]",
		Short:       "Remove a maintenance window",
		Annotations: map[string]string{help.Order: "3"},
		Long:        `If it is open, what is agreed is decided at once.`,
		Example:     `tocsin maintenance remove nightly`,
		Args:        exactly("NAME"),
	}
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.write(c, &addresses, client.Request{Method: http.MethodDelete, Path: client.KeyPath(maintenancePath+"/", args[0])})
	}
	return c
}

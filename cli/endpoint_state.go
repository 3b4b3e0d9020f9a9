package cli

import (
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/health"
)

func (a app) endpointState() *cobra.Command {
	var addresses []string
	var body api.StateRequest
	c := &cobra.Command{
		Use:         "state KEY UP|DOWN [flags]",
		Short:       "Set the state of an endpoint by hand",
		Annotations: map[string]string{help.Order: "5"},
		Long: `An event like any other, and notified like any other; it says who did it and
why. The checks go on: if they disagree, they change it back when the cooldown
is over. To keep it, pause the endpoint first, and resume when they agree.`,
		Example: `tocsin pause --prefix web/1 --for 1h --reason "disks"
tocsin endpoint state web/1 DOWN --reason "the disks are being replaced"`,
		Args: exactly("KEY", "UP|DOWN"),
	}
	c.Flags().StringVar(&body.Reason, "reason", "", "`why`, for those who will wonder")
	byFlag(c, &body.By)
	help.Group(c, "State", "reason", "by")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		to, err := health.Parse(strings.ToUpper(args[1]))
		if err != nil || to == health.Unknown {
			return misuse(c, "%q is neither UP nor DOWN", args[1])
		}
		if body.Reason == "" {
			return misuse(c, "--reason is missing: say why, for those who will wonder")
		}
		body.State = to
		return a.write(c, &addresses, client.Request{Method: http.MethodPost, Path: client.KeyPath(endpointsPath, args[0]) + "/state", Body: body})
	}
	return c
}

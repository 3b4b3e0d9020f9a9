package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
)

// Process is the process that this node runs in: what it was told, and how it
// is told anew.
type Process interface {
	// Configuration returns all that it works with, and by whom it was told,
	// without secrets.
	Configuration() []api.Configured
	// Reload reads the configuration file again, takes at once what can be
	// taken, and says so to the log. After an error nothing has changed.
	Reload() (api.Reloaded, error)
}

// noProcess is the Process of a node that nobody told anything, in a test.
type noProcess struct{}

func (noProcess) Configuration() []api.Configured { return []api.Configured{} }
func (noProcess) Reload() (api.Reloaded, error) {
	return api.Reloaded{}, errors.New("this node was started without a configuration file")
}

func (s *server) processOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: "/v1/config", id: "get-config", tag: "node",
		summary: "What this node was told, and by whom",
		text: "All that the agent works with, as \"tocsin config show --effective\" shows it on its machine: by flag, environment, file or default. " +
			"What only a start can change is shown as it was at the start. Secrets are left out.",
		answers: exampleConfiguration(),
	}, s.configuration)
	register(s, to, operation{
		method: http.MethodPost, path: "/v1/reload", id: "reload", tag: "node",
		summary: "Read this node's configuration file again",
		text: "As on SIGHUP: what can be changed at run time is taken at once, and what has to wait is told. A file with a fault changes nothing; " +
			"the problem says which line is wrong.",
		answers: exampleReloaded(), problems: []api.Code{api.CodeConfiguration},
	}, s.reload)
}

type configurationOutput struct{ Body api.Configuration }

func (s *server) configuration(context.Context, *struct{}) (*configurationOutput, error) {
	return &configurationOutput{api.Configuration{Settings: s.Process.Configuration()}}, nil
}

type reloadedOutput struct{ Body api.Reloaded }

func (s *server) reload(context.Context, *struct{}) (*reloadedOutput, error) {
	reloaded, err := s.Process.Reload()
	if err != nil {
		return nil, api.Faultf(api.CodeConfiguration, "nothing has changed: %v", err)
	}
	return &reloadedOutput{reloaded}, nil
}

func exampleConfiguration() api.Configuration {
	return api.Configuration{Settings: []api.Configured{
		{Setting: "node", Value: "node1", From: "flag"}, {Setting: "log_level", Value: "info", From: "/etc/tocsin/tocsin.yaml:12"},
	}}
}

func exampleReloaded() api.Reloaded {
	return api.Reloaded{
		File:    "/etc/tocsin/tocsin.yaml",
		Applied: []api.Reconfigured{{Setting: "log_level", From: "info", To: "debug"}},
		Waiting: []api.Reconfigured{{Setting: "site", From: "paris", To: "lyon", When: "takes effect at the next start"}},
	}
}

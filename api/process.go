package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Process is the process that this node runs in: what it was told, and how it
// is told anew.
type Process interface {
	// Configuration returns all that it works with, and by whom it was told,
	// without secrets.
	Configuration() []Configured
	// Reload reads the configuration file again, takes at once what can be
	// taken, and says so to the log. After an error nothing has changed.
	Reload() (Reloaded, error)
}

// noProcess is the Process of a node that nobody told anything, in a test.
type noProcess struct{}

func (noProcess) Configuration() []Configured { return []Configured{} }
func (noProcess) Reload() (Reloaded, error) {
	return Reloaded{}, errors.New("this node was started without a configuration file")
}

// Configuration is the answer of GET /v1/config.
type Configuration struct {
	Settings []Configured `json:"settings"`
}

// Configured is one thing that the process works with.
type Configured struct {
	// Setting is how the file names it, From is who has told it: default,
	// FILE:LINE, a variable of the environment, or flag.
	Setting string `json:"setting"`
	Value   string `json:"value"`
	From    string `json:"from"`
}

// Reloaded is the answer of POST /v1/reload.
type Reloaded struct {
	File string `json:"file"`
	// Applied has taken effect, Waiting has not: When says when it does.
	Applied []Reconfigured `json:"applied"`
	Waiting []Reconfigured `json:"waiting"`
}

// Reconfigured is one thing that the file says in another way than before.
type Reconfigured struct {
	Setting string `json:"setting"`
	From    string `json:"from"`
	To      string `json:"to"`
	When    string `json:"when,omitempty"`
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
		answers: exampleReloaded(), problems: []Code{CodeConfiguration},
	}, s.reload)
}

type configurationOutput struct{ Body Configuration }

func (s *server) configuration(context.Context, *struct{}) (*configurationOutput, error) {
	return &configurationOutput{Configuration{s.Process.Configuration()}}, nil
}

type reloadedOutput struct{ Body Reloaded }

func (s *server) reload(context.Context, *struct{}) (*reloadedOutput, error) {
	reloaded, err := s.Process.Reload()
	if err != nil {
		return nil, faultf(CodeConfiguration, "nothing has changed: %v", err)
	}
	return &reloadedOutput{reloaded}, nil
}

func exampleConfiguration() Configuration {
	return Configuration{Settings: []Configured{
		{Setting: "node", Value: "node1", From: "flag"}, {Setting: "log_level", Value: "info", From: "/etc/tocsin/tocsin.yaml:12"},
	}}
}

func exampleReloaded() Reloaded {
	return Reloaded{
		File:    "/etc/tocsin/tocsin.yaml",
		Applied: []Reconfigured{{Setting: "log_level", From: "info", To: "debug"}},
		Waiting: []Reconfigured{{Setting: "site", From: "paris", To: "lyon", When: "takes effect at the next start"}},
	}
}

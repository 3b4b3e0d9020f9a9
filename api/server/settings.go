package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

const settingsPath = "/v1/settings"

func (s *server) settingsOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: settingsPath, id: "get-settings", tag: "cluster",
		summary: "Show the settings of the cluster",
		text:    "They hold for every endpoint that has no setting of its own. The ETag names their version.",
		answers: fsm.DefaultClusterSettings(),
	}, s.settings)
	register(s, to, operation{
		method: http.MethodPut, path: settingsPath, id: "put-settings", tag: "cluster",
		summary: "Replace the settings of the cluster",
		text: "All of them are given: read them, change what is to be another, and send them back with If-Match and the ETag. " +
			"Endpoints that are checked in another way from then on are checked anew; nothing is notified.",
		takes: fsm.DefaultClusterSettings(), answers: api.SettingsWritten{Index: 17, Changed: true},
	}, s.putSettings)
}

type settingsInput struct {
	Consistency consistency `query:"consistency"`
}

type settingsOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version of the settings"`
	Body  fsm.ClusterSettings
}

type putSettingsInput struct {
	IfMatch     string `header:"If-Match" doc:"Only if the settings are in the version of this ETag" example:"\"17\""`
	IfNoneMatch string `header:"If-None-Match" doc:"* is never so: there are always settings" example:"*"`
	Sent        sent
}

type settingsWrittenOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version that is there now"`
	Body  api.SettingsWritten
}

func (s *server) settings(ctx context.Context, in *settingsInput) (*settingsOutput, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	return &settingsOutput{Index: view.Index(), ETag: etagOf(view.SettingsIndex()), Body: view.Settings()}, nil
}

func (s *server) putSettings(ctx context.Context, in *putSettingsInput) (*settingsWrittenOutput, error) {
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	settings, err := readSettings(in.Sent.body)
	if err != nil {
		return nil, err
	}
	if err := s.scriptsExist(&fsm.Overrides{Verify: &settings.Verify, Notify: &settings.Notify}); err != nil {
		return nil, err
	}
	result, err := s.propose(ctx, fsm.ChangeSettings{Settings: settings, If: condition})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.log.Info("settings changed", "by", by(ctx), "index", result.Index, "from_address", in.Sent.from)
	}
	return &settingsWrittenOutput{
		Index: result.Index, ETag: etagOf(result.Version),
		Body: api.SettingsWritten{Index: result.Index, Changed: result.Changed},
	}, nil
}

// readSettings reads all of the settings. One that is left out is an error: it
// would silently become what zero means.
func readSettings(from io.Reader) (settings fsm.ClusterSettings, err error) {
	var text bytes.Buffer
	if err := decodeBody(io.TeeReader(from, &text), maxBody, &settings); err != nil {
		return settings, err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text.Bytes(), &given); err != nil {
		return settings, bodyFault(err, nil)
	}
	var missing []string
	for _, name := range fieldNames(reflect.TypeFor[fsm.ClusterSettings]()) {
		if value, ok := given[name]; !ok || string(value) == "null" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return settings, api.BadRequest("of the settings %s are missing: give all of them, as GET %s shows them", strings.Join(missing, ", "), settingsPath)
	}
	return settings, nil
}

package server

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/fsm"
	"tocsin/health"
)

// words returns, for the types that are a word in JSON, which words they are.
// Package fsm knows nothing of OpenAPI.
func words() map[reflect.Type]reflect.Type {
	return map[reflect.Type]reflect.Type{
		reflect.TypeFor[fsm.Duration]():  reflect.TypeFor[durationWord](),
		reflect.TypeFor[fsm.Quorum]():    reflect.TypeFor[quorumWord](),
		reflect.TypeFor[fsm.Sites]():     reflect.TypeFor[sitesWord](),
		reflect.TypeFor[fsm.Share]():     reflect.TypeFor[shareWord](),
		reflect.TypeFor[fsm.Check]():     reflect.TypeFor[checkWord](),
		reflect.TypeFor[health.Status](): reflect.TypeFor[statusWord](),
	}
}

type (
	durationWord struct{}
	quorumWord   struct{}
	sitesWord    struct{}
	shareWord    struct{}
	checkWord    struct{}
	statusWord   struct{}
)

func (durationWord) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^(-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+|[0-9]{1,5}d([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))*)$`,
		Description: "A duration such as 500ms, 10s, 1m30s or 1d", Examples: []any{"10s"},
	}
}

func (quorumWord) Schema(huma.Registry) *huma.Schema {
	return wordOrNumber("majority, or a number of votes", `^(majority|[0-9]+)$`)
}

func (sitesWord) Schema(huma.Registry) *huma.Schema {
	return wordOrNumber("auto, off, or a number of sites", `^(auto|off|[0-9]+)$`)
}

func (shareWord) Schema(huma.Registry) *huma.Schema {
	return wordOrNumber("off, or a share of the endpoints from 1% to 100%", `^(off|[0-9]+%?)$`)
}

func wordOrNumber(text, pattern string) *huma.Schema {
	return &huma.Schema{
		Description: text,
		AnyOf:       []*huma.Schema{{Type: huma.TypeString, Pattern: pattern}, {Type: huma.TypeInteger, Minimum: new(1.0)}},
	}
}

func (checkWord) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Enum: []any{fsm.CheckScript, fsm.CheckNagios, fsm.CheckStream, fsm.CheckHTTP, fsm.CheckTCP},
		Description: "How it is checked",
	}
}

func (statusWord) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"UP", "DOWN", "UNKNOWN"}}
}

// describeSettings says of each setting what it is, wherever the document has
// it.
func describeSettings(schemas map[string]*huma.Schema) {
	for _, name := range []string{"Settings", "Overrides", "ClusterSettings"} {
		for setting, text := range settingTexts() {
			if p := schemas[name].Properties[setting]; p != nil {
				p.Description = text
			}
		}
	}
}

func settingTexts() map[string]string {
	return map[string]string{
		"interval":        "Between checks of one endpoint on one node",
		"retry_interval":  "After a check that disagrees with the verdict; 0s is a fifth of interval, 1s at least",
		"timeout":         "Deadline of one check",
		"timeout_is":      "What a script that misses the deadline says: UNKNOWN or DOWN",
		"fall":            "Checks in a row that make a node say DOWN",
		"rise":            "Checks in a row that make a node say UP",
		"quorum":          "Votes that must agree: majority, or a number above half of the observers",
		"sites":           "Sites that must agree: auto (a majority of them when there are three or more), off, or a number",
		"cooldown":        "Least time between two events of one endpoint",
		"check":           "How it is checked: a script, a Nagios plugin, or HTTP or TCP without any",
		"verify":          "Name of the verification script",
		"notify":          "Name of the notification script",
		"notify_timeout":  "Deadline of one run of the notification script",
		"notify_attempts": "Runs of the notification script before giving up",
		"max_voters":      "Observers that vote in raft; further ones only observe",
		"ballot_refresh":  "Between repeats of a node's verdicts; they count for three times as long",
		"brake":           "Share of the endpoints that may be DOWN: a decision that would make it more is held back; off for no limit",
		"events_kept":     "Events that are kept, with what became of their notifications",
	}
}

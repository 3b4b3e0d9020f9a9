package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// Checked is the answer of POST /v1/endpoints/{key}/check.
type Checked struct {
	Key string `json:"key"`
	// Tally counts the samples; nodes without one are unknown.
	Tally Tally `json:"tally"`
	// Nodes is what each node saw, in the order of their names.
	Nodes []NodeCheck `json:"nodes"`
}

// NodeCheck is the check of one node.
type NodeCheck struct {
	Node string `json:"node"`
	Site string `json:"site,omitempty"`
	// Sample is what came out, absent when nothing did: Silent says why.
	Sample *SeenSample `json:"sample,omitempty"`
	Silent string      `json:"silent,omitempty"`
}

// StateRequest is the body of POST /v1/endpoints/{key}/state.
type StateRequest struct {
	State  health.Status `json:"state"`
	Reason string        `json:"reason" minLength:"1" maxLength:"256"`
	By     string        `json:"by,omitempty" maxLength:"128"`
}

// EndpointRequest is the body of PUT and PATCH /v1/endpoints/{key}. Settings,
// labels and parents that are left out stay as they are. Those that are given take
// the place of all that were there with PUT; with PATCH settings and labels are
// put over them.
type EndpointRequest struct {
	Value    *string            `json:"value" nullable:"false" maxLength:"65536"`
	Settings *fsm.Overrides     `json:"settings,omitempty"`
	Labels   *map[string]string `json:"labels,omitempty"`
	Parents  *[]string          `json:"parents,omitempty" maxItems:"16"`
}

// Endpoint is the answer of GET /v1/endpoints/{key}.
type Endpoint struct {
	Key   string        `json:"key"`
	Value string        `json:"value"`
	State health.Status `json:"state"`
	Since time.Time     `json:"since,omitzero"`
	// Settings are the endpoint's own, Effective those that hold for it.
	Settings   fsm.Overrides     `json:"settings"`
	Effective  fsm.Settings      `json:"effective"`
	Labels     map[string]string `json:"labels,omitempty"`
	Parents    []string          `json:"parents,omitempty"`
	Generation uint64            `json:"generation"`
	Revision   uint64            `json:"revision"`
	// Configured is the version that the ETag names: the index of the last
	// change of value, settings, labels and parents. Modified counts changes of state too.
	Configured uint64 `json:"configured"`
	Modified   uint64 `json:"modified"`
	LastEvent  uint64 `json:"last_event,omitempty"`
}

// Endpoints is the answer of GET /v1/endpoints.
type Endpoints struct {
	Endpoints []Endpoint `json:"endpoints"`
	// Next is the cursor of the next page, empty on the last one.
	Next string `json:"next,omitempty"`
}

// Written is the answer to a write: the raft index at which it was done, and
// false in Changed when everything was already as asked.
type Written struct {
	Key     string `json:"key"`
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
	// Added says that it was not there before.
	Added bool `json:"added,omitempty"`
}

// ApplyRequest is the body of POST /v1/endpoints:apply: the endpoints as they
// are to be, and which others are to be deleted.
type ApplyRequest struct {
	Endpoints []fsm.Declared `json:"endpoints" maxItems:"10000"`
	Prune     *fsm.Scope     `json:"prune,omitempty"`
	DryRun    bool           `json:"dry_run,omitempty"`
}

// Applied is the answer to an ApplyRequest: the raft index at which it was
// done, or as of which it would do this.
type Applied struct {
	Index      uint64         `json:"index"`
	DryRun     bool           `json:"dry_run"`
	Difference fsm.Difference `json:"difference"`
}

package fsm

import (
	"fmt"
	"slices"
)

// Condition is what must be so when a change is applied, for the change to be
// done: it is compared in the state machine, so that of two writers who have
// read the same only one succeeds. A nil Condition asks for nothing; the zero
// Condition asks that the thing exists.
type Condition struct {
	// Absent asks that there is no such thing yet. Versions is empty then.
	Absent bool `json:"absent,omitempty"`
	// Versions asks that the thing exists in one of these versions: what
	// Endpoint.Configured or View.SettingsIndex was when it was read.
	Versions []uint64 `json:"versions,omitempty"`
}

// maxVersions bounds how many versions a Condition may name.
const maxVersions = 16

// unmetBy returns why the endpoint of key, nil if there is none, does not
// fulfil c, nil if it does.
func (c *Condition) unmetBy(key string, e *Endpoint) *Refusal {
	if c == nil {
		return nil
	}
	var version uint64
	if e != nil {
		version = e.Configured
	}
	return c.unmet(fmt.Sprintf("endpoint %q", key), e != nil, version)
}

// unmet returns why what is to be changed does not fulfil c, nil if it does.
// The version counts only for what exists.
func (c *Condition) unmet(what string, exists bool, version uint64) *Refusal {
	switch {
	case c == nil:
		return nil
	case c.Absent && exists:
		return refuse(Unmet, "%s exists already, in version %d, and the request was to add it: read it, and change it if that is meant", what, version)
	case c.Absent:
		return nil
	case !exists:
		return refuse(Unmet, "%s does not exist, and the request was to change it: add it if that is meant", what)
	case len(c.Versions) > 0 && slices.Max(c.Versions) == 0:
		return refuse(Unmet, "%s is in version %d, and the request names none that anything ever has: send the ETag of an answer as it is, in its quotes; read it again for that", what, version)
	case len(c.Versions) > 0 && !slices.Contains(c.Versions, version):
		return refuse(Unmet, "%s was changed by somebody else: it is in version %d, and the request was made for %d: read it again, and decide anew", what, version, c.Versions)
	}
	return nil
}

// validate reports what no sensible caller would ask for.
func (c *Condition) validate() error {
	if c == nil {
		return nil
	}
	if c.Absent && len(c.Versions) > 0 {
		return refuse(Invalid, "a thing can't be absent and in version %d: ask for one of both", c.Versions)
	}
	if len(c.Versions) > maxVersions {
		return refuse(Invalid, "%d versions: name at most %d", len(c.Versions), maxVersions)
	}
	return nil
}

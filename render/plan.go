package render

import (
	"bytes"
	"fmt"
)

// GiveUp is an error that another attempt would meet again.
type GiveUp struct{ Err error }

// Error returns what the error itself says.
func (g GiveUp) Error() string { return g.Err.Error() }

// Unwrap returns the error itself.
func (g GiveUp) Unwrap() error { return g.Err }

// memory is what is remembered beside a file.
type memory struct {
	// Event is the highest of Cluster that the file was written for.
	Event   uint64 `json:"event"`
	Cluster string `json:"cluster,omitempty"`
	// Pending says that the service may not have read what the file says now.
	Pending bool `json:"pending,omitempty"`
	// Created says, while it is pending, that there was no file before.
	Created bool `json:"created,omitempty"`
}

// forEvent returns what is remembered when an event of that cluster comes; 0 is
// none. Ids are of one cluster: those of another say nothing of it.
func (m memory) forEvent(cluster string, event uint64) memory {
	if event != 0 && m.Cluster != cluster {
		m.Cluster, m.Event = cluster, 0
	}
	return m
}

// found is what stands before something is done.
type found struct {
	memory
	event  uint64 // that is to be acted on; 0 if there is none
	exists bool   // the file
	old    []byte // its text
	text   []byte // that it is to have
}

// plan is what is to be done.
type plan struct {
	// refused says why nothing is: a newer event came first.
	refused string
	// replace has the text checked and put in the place of the old one.
	replace bool
	// reload has the service read the file.
	reload bool
}

// decide returns what is to be done.
func decide(f found) plan {
	switch {
	case f.event != 0 && f.event < f.Event:
		return plan{refused: fmt.Sprintf("event %d is older than %d, which the file was written for", f.event, f.Event)}
	case !f.exists || !bytes.Equal(f.old, f.text):
		return plan{replace: true, reload: true}
	}
	return plan{reload: f.Pending}
}

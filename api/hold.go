package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/hold"
)

// Obstacle is something that holds a change back.
type Obstacle struct {
	// Kind is a word for programs. There may be more than these.
	Kind string `json:"kind"`
	// Of is what holds: what a pause covers, the name of a window, the key of a
	// parent.
	Of   string `json:"of,omitempty"`
	Text string `json:"text"`
	// Reason and By are the words of the people who wanted it.
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
	// For is how long it will, absent if nobody knows; Until is when it ends, of
	// what ends by a wall clock.
	For   fsm.Duration `json:"for,omitzero"`
	Until time.Time    `json:"until,omitzero"`
}

// The kinds of Obstacle.
const (
	HeldByCooldown    = string(hold.Cooldown)
	HeldByPause       = string(hold.Pause)
	HeldByMaintenance = string(hold.Maintenance)
	HeldByParent      = string(hold.Parent)
	HeldByBrake       = string(hold.Brake)
	HeldByAbstentions = "abstentions"
	HeldByNoLeader    = "no-leader"
)

// Windows is the answer of GET /v1/maintenance, in the order of the names.
type Windows struct {
	Windows []Window `json:"windows"`
}

// Window is a maintenance window: a pause that is planned.
type Window struct {
	Name string `json:"name"`
	WindowRequest
	// Configured is the version that the ETag names.
	Configured uint64 `json:"configured"`
	// Open is the stretch that this moment lies in, Next the first one behind
	// it; absent where there is none.
	Open *Stretch `json:"open,omitempty"`
	Next *Stretch `json:"next,omitempty"`
	// Problem says why the node can't read when it is open: it holds nothing while
	// that node leads.
	Problem string `json:"problem,omitempty"`
}

// Stretch is one time that a window is open.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// WindowRequest is the body of PUT /v1/maintenance/{name}.
type WindowRequest struct {
	// Prefix and Labels say whom it covers: all, without any.
	Prefix string            `json:"prefix,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Reason string            `json:"reason,omitempty" maxLength:"256"`
	By     string            `json:"by,omitempty" maxLength:"128"`
	// Cron and Zone say when it begins, again and again; From, when it does once.
	Cron string    `json:"cron,omitempty"`
	Zone string    `json:"zone,omitempty"`
	From time.Time `json:"from,omitzero"`
	// Duration is how long it lasts each time.
	Duration fsm.Duration `json:"duration"`
}

// Pauses is the answer of GET /v1/pause.
type Pauses struct {
	Pauses []Pause `json:"pauses"`
}

// Pause is one pause: while it lasts, no change of what it covers is committed.
type Pause struct {
	// Prefix and Labels say whom it covers: all, without any.
	Prefix string            `json:"prefix,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Reason string            `json:"reason"`
	By     string            `json:"by,omitempty"`
	Since  time.Time         `json:"since"`
	// Until is when it ends, absent if somebody has to resume; For is how long
	// that is from now.
	Until time.Time    `json:"until,omitzero"`
	For   fsm.Duration `json:"for,omitzero"`
}

// PauseRequest is the body of POST /v1/pause.
type PauseRequest struct {
	Prefix string            `json:"prefix,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Reason string            `json:"reason" minLength:"1" maxLength:"256"`
	By     string            `json:"by,omitempty" maxLength:"128"`
	// For or Until says when it ends; without either somebody has to resume.
	For   fsm.Duration `json:"for,omitzero"`
	Until time.Time    `json:"until,omitzero"`
}

// HoldWritten is the answer to a write of a pause or a maintenance window.
type HoldWritten struct {
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
	// Added says that it was not there before.
	Added bool `json:"added,omitempty"`
}

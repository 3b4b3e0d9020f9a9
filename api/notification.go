package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// OpenProgress is how far a notification has come that has not ended.
type OpenProgress struct {
	Event uint64        `json:"event"`
	Key   string        `json:"key"`
	To    health.Status `json:"to"`
	Phase Stage         `json:"phase" enum:"waiting,pausing,running,interrupted"`
	// Role and Attempt are those of the last run that was started, absent if
	// none was; Limit is the last attempt that is allowed.
	Role    fsm.Role `json:"role,omitempty"`
	Attempt int      `json:"attempt"`
	Limit   int      `json:"limit,omitempty"`
	// For is how long it has been in this phase, Next when the pause between
	// two attempts is over.
	For  fsm.Duration `json:"for"`
	Next fsm.Duration `json:"next,omitzero"`
	// Problem says what went wrong in the last attempt.
	Problem string `json:"problem,omitempty"`
}

// EventNotifications is the answer of GET /v1/notifications/{id}: an event, and
// how far its notification has come on each node.
type EventNotifications struct {
	Event         Event          `json:"event"`
	Notifications []Notification `json:"notifications"`
	// Silent says of the nodes that were not heard why.
	Silent map[string]string `json:"silent,omitempty"`
}

// AckRequest is the body of POST /v1/notifications/{id}/ack.
type AckRequest struct {
	By  string `json:"by" minLength:"1" maxLength:"128" doc:"Who has seen to it"`
	Why string `json:"why,omitempty" maxLength:"1024" doc:"What was done about it, or why nothing has to be"`
}

// Attended is the answer to what was asked about notifications that were given
// up.
type Attended struct {
	Event   uint64 `json:"event"`
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
	// Nodes are those whose notification it was done to, empty if it had been
	// before.
	Nodes []string `json:"nodes"`
}

// Notifications is the answer of GET /v1/notifications, the newest event first.
type Notifications struct {
	Notifications []Notification `json:"notifications"`
	// More says that the limit cut the answer short.
	More bool `json:"more"`
	// Silent says of the nodes that were not heard why: what they have open is
	// not known.
	Silent map[string]string `json:"silent,omitempty"`
}

// Stage is how far a notification has come on one node.
type Stage string

// The stages of a notification. Those that have ended are named as their
// fsm.Ending, those that have not as their phase on the node.
const (
	StageDone       Stage = Stage(fsm.Done)
	StageGaveUp     Stage = Stage(fsm.GaveUp)
	StageSuperseded Stage = Stage(fsm.Superseded)
	StageGap        Stage = Stage(fsm.Gap)

	StageWaiting     Stage = "waiting"
	StagePausing     Stage = "pausing"
	StageRunning     Stage = "running"
	StageInterrupted Stage = "interrupted"

	// StageAskedAgain: it was given up, and is to be run again: the node has not
	// taken that in yet, or has not reported how it ended.
	StageAskedAgain Stage = "asked-again"

	// StageUnreported: the node has it neither open nor reported: it is about
	// to take it in, or to report how it ended.
	StageUnreported Stage = "unreported"
	// StageUnheard: no outcome is known, and the node was not heard.
	StageUnheard Stage = "unheard"
)

// Notification is how far the notification of one event has come on one node.
type Notification struct {
	Event uint64        `json:"event"`
	Key   string        `json:"key"`
	To    health.Status `json:"to"`
	Time  time.Time     `json:"time" doc:"When the event was decided"`
	Node  string        `json:"node"`
	Stage Stage         `json:"stage" enum:"done,gave-up,superseded,gap,waiting,pausing,running,interrupted,asked-again,unreported,unheard"`
	// Outcome is how it ended. It is there together with Open when the node runs
	// it again as leader.
	Outcome *fsm.Outcome  `json:"outcome,omitempty"`
	Open    *OpenProgress `json:"open,omitempty"`
	// Silent says why the node was not heard.
	Silent string `json:"silent,omitempty"`
}

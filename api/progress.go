package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

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

// progressOf tells how far the notification of e has come on each node that is
// to run it, in the order of the nodes' names: those that were there at the
// event, and whoever has reported. Nobody is told of a baseline.
func progressOf(view *fsm.View, e *fsm.Event, accounts map[string]heard[Account]) []Notification {
	all := []Notification{}
	if e.Baseline {
		return all
	}
	for o := range view.Observers() {
		if o.Joined < e.ID {
			all = append(all, progressOn(view, e, o.Node, accounts[o.Node]))
		}
	}
	return all
}

func progressOn(view *fsm.View, e *fsm.Event, node string, said heard[Account]) Notification {
	n := Notification{Event: e.ID, Key: e.Key, To: e.To, Time: readableTime(e.Time), Node: node, Silent: said.silent, Stage: StageUnreported}
	if said.silent != "" {
		n.Stage = StageUnheard
	}
	if o, ended := view.Outcome(e.ID, node); ended {
		n.Outcome, n.Stage = new(readableOutcome(o)), Stage(o.Ending)
		if o.AwaitsRetry() {
			n.Stage = StageAskedAgain
		}
	}
	for _, open := range said.answer.Open {
		if open.Event == e.ID {
			n.Open, n.Stage = &open, open.Phase
		}
	}
	return n
}

func readableOutcome(o *fsm.Outcome) fsm.Outcome {
	outcome := *o
	outcome.Time, outcome.Duration = readableTime(o.Time), readable(time.Duration(o.Duration))
	if o.Ack != nil {
		ack := *o.Ack
		ack.Time = readableTime(ack.Time)
		outcome.Ack = &ack
	}
	return outcome
}

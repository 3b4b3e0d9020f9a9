package server

import (
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
)

// progressOf tells how far the notification of e has come on each node that is
// to run it, in the order of the nodes' names: those that were there at the
// event, and whoever has reported. Nobody is told of a baseline.
func progressOf(view *fsm.View, e *fsm.Event, accounts map[string]heard[peer.Account]) []api.Notification {
	all := []api.Notification{}
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

func progressOn(view *fsm.View, e *fsm.Event, node string, said heard[peer.Account]) api.Notification {
	n := api.Notification{Event: e.ID, Key: e.Key, To: e.To, Time: api.ReadableTime(e.Time), Node: node, Silent: said.silent, Stage: api.StageUnreported}
	if said.silent != "" {
		n.Stage = api.StageUnheard
	}
	if o, ended := view.Outcome(e.ID, node); ended {
		n.Outcome, n.Stage = new(readableOutcome(o)), api.Stage(o.Ending)
		if o.AwaitsRetry() {
			n.Stage = api.StageAskedAgain
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
	outcome.Time, outcome.Duration = api.ReadableTime(o.Time), api.Readable(time.Duration(o.Duration))
	if o.Ack != nil {
		ack := *o.Ack
		ack.Time = api.ReadableTime(ack.Time)
		outcome.Ack = &ack
	}
	return outcome
}

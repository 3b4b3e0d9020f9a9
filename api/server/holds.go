package server

import (
	"tocsin/api"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

// What holds changes back, in the words of the answers.

// obstaclesOf tells of what holds what back.
func obstaclesOf(holds []hold.Hold, what string) []api.Obstacle {
	all := make([]api.Obstacle, len(holds))
	for i, h := range holds {
		all[i] = api.Obstacle{
			Kind: string(h.Kind), Of: h.Of, Text: h.Holds(what), Reason: h.Reason, By: h.By,
			For: api.Readable(h.For), Until: h.Until,
		}
		if h.Kind == hold.Brake {
			all[i].Of = "" // it is in the text
		}
	}
	return all
}

// heldBy tells what holds back what is agreed, or else whatever may be.
func heldBy(q quorum.Question, decided quorum.Answer) []api.Obstacle {
	if decided.To != health.Unknown {
		return obstaclesOf(decided.HeldBy, "the change")
	}
	return obstaclesOf(q.Holds, "any change")
}

// holding is what is open at a moment, whomever it covers.
func (c counting) holding() []api.Obstacle {
	return obstaclesOf(c.holds.Open(), "any change")
}

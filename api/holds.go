package api

import (
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/quorum"
)

// What holds changes back, in the words of the answers.

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

// obstaclesOf tells of what holds what back.
func obstaclesOf(holds []hold.Hold, what string) []Obstacle {
	all := make([]Obstacle, len(holds))
	for i, h := range holds {
		all[i] = Obstacle{
			Kind: string(h.Kind), Of: h.Of, Text: h.Holds(what), Reason: h.Reason, By: h.By,
			For: readable(h.For), Until: h.Until,
		}
		if h.Kind == hold.Brake {
			all[i].Of = "" // it is in the text
		}
	}
	return all
}

// heldBy tells what holds back what is agreed, or else whatever may be.
func heldBy(q quorum.Question, decided quorum.Answer) []Obstacle {
	if decided.To != health.Unknown {
		return obstaclesOf(decided.HeldBy, "the change")
	}
	return obstaclesOf(q.Holds, "any change")
}

// holding is what is open at a moment, whomever it covers.
func (c counting) holding() []Obstacle {
	return obstaclesOf(c.holds.Open(), "any change")
}

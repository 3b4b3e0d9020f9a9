package fsm

import (
	"errors"
	"fmt"
	"time"

	"tocsin/health"
)

// ForceState makes the state of an endpoint what somebody says it is, whatever
// the nodes see. It makes an event like any other, marked as manual. If the state
// is that already, nothing is done.
type ForceState struct {
	Key string        `json:"key"`
	To  health.Status `json:"to"`
	Manual
	// Leader and Time are stamped by the leader that proposes it.
	Leader string    `json:"leader"`
	Time   time.Time `json:"time"`
}

// Manual says who made an event by hand, and why.
type Manual struct {
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`
}

func (ForceState) command() {}

func (b *builder) force(c ForceState) (bool, *Refusal) {
	e, ok := b.endpoints.Get([]byte(c.Key))
	switch {
	case !ok:
		return false, noEndpoint(c.Key)
	case e.State == c.To:
		return false, nil
	}
	return b.change(e, &Event{To: c.To, Time: c.Time, Leader: c.Leader, Votes: []Vote{}, Manual: &c.Manual})
}

func validateForce(c ForceState) error {
	if c.To != health.Up && c.To != health.Down {
		return fmt.Errorf("state %v can't be set by hand: UP and DOWN can", c.To)
	}
	return errors.Join(ValidateKey(c.Key), validateReason(c.Reason), validateBy(c.By), ValidateNodeName(c.Leader), validateTime(c.Time))
}

// MakesEvent reports whether c can make an event. One entry makes one at most, so
// two such commands are not to share one.
func MakesEvent(c Command) bool {
	switch c.(type) {
	case Transition, ForceState:
		return true
	}
	return false
}

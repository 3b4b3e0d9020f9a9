package fsm

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/health"
)

// validateTransition asks of a transition that it makes sense by itself: that
// the votes it carries are evidence for what it says. Whether it fits the state
// is for Apply to say.
func validateTransition(c Transition) error {
	err := errors.Join(ValidateKey(c.Key), ValidateNodeName(c.Leader), validateTime(c.Time))
	if err != nil {
		return err
	}
	if !c.From.Valid() || c.To == c.From || c.To != health.Up && c.To != health.Down {
		return fmt.Errorf("endpoint %q can't change from %v to %v: only to UP or DOWN, and to what it is not", c.Key, c.From, c.To)
	}
	if err := validateVotes(c.Votes); err != nil {
		return fmt.Errorf("the change of endpoint %q to %v: %w", c.Key, c.To, err)
	}
	up, down, _ := Tally(c.Votes)
	agree := up
	if c.To == health.Down {
		agree = down
	}
	switch {
	case 2*c.Quorum <= len(c.Votes):
		return fmt.Errorf("the change of endpoint %q to %v asks for %d of %d votes: more than half are needed", c.Key, c.To, c.Quorum, len(c.Votes))
	case agree < c.Quorum:
		return fmt.Errorf("the change of endpoint %q to %v has %d votes for it and needs %d: decide again", c.Key, c.To, agree, c.Quorum)
	}
	return nil
}

func validateVotes(votes []Vote) error {
	if len(votes) == 0 || len(votes) > MaxObservers {
		return fmt.Errorf("%d votes: give 1 to %d, one of each observer", len(votes), MaxObservers)
	}
	voted := make(map[string]bool, len(votes))
	for _, vote := range votes {
		if err := validateVote(vote); err != nil {
			return fmt.Errorf("the vote of node %.80q: %w", vote.Node, err)
		}
		if voted[vote.Node] {
			return fmt.Errorf("node %q votes twice: give one vote of each observer", vote.Node)
		}
		voted[vote.Node] = true
	}
	return nil
}

func validateVote(vote Vote) error {
	if vote.Site != "" {
		if err := ValidateNodeName(vote.Site); err != nil {
			return fmt.Errorf("site: %w", err)
		}
	}
	if !vote.Verdict.Valid() {
		return fmt.Errorf("%v is none of UP, DOWN and UNKNOWN", vote.Verdict)
	}
	return errors.Join(
		ValidateNodeName(vote.Node),
		validateOutput("reason", vote.Reason, maxReason),
		validateOutput("reason for its exclusion", vote.Excluded, maxReason))
}

// validateOutcome leaves the length of output and problem alone. Encode trims
// them: refused for its length, a report would be lost, and its event would
// await a leader for ever.
func validateOutcome(v *View, o Outcome) error {
	if err := errors.Join(ValidateNodeName(o.Node), validateTime(o.Time)); err != nil {
		return err
	}
	if _, known := v.Observer(o.Node); !known {
		return refuse(NotFound, "node %q reports an outcome and is no observer: it has to join first", o.Node)
	}
	if err := validateEnding(o); err != nil {
		return fmt.Errorf("the outcome of event %d on node %q: %w", o.Event, o.Node, err)
	}
	return nil
}

func validateEnding(o Outcome) error {
	switch {
	case o.Event == 0:
		return errors.New("it names no event: give the event's id")
	case o.Role != Leader && o.Role != Follower:
		return fmt.Errorf("role %.80q is neither leader nor follower", o.Role)
	case !slices.Contains(Endings(), o.Ending):
		return fmt.Errorf("ending %.80q is none of done, gave-up, superseded and gap", o.Ending)
	case o.Attempt < 0:
		return fmt.Errorf("attempt %d: attempts are counted from 1, 0 if none was started", o.Attempt)
	case o.Attempt == 0 && o.Ending == Done:
		return errors.New("it is done without an attempt: attempts are counted from 1")
	case o.Missed < MissedUnknown:
		return fmt.Errorf("%d missed events: it is a number of them, or %d if nobody knows", o.Missed, MissedUnknown)
	case o.Duration < 0:
		return fmt.Errorf("duration %v: it can't be below zero", o.Duration)
	}
	return nil
}

// validateTime refuses what could not be written down again.
func validateTime(t time.Time) error {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("time %v is not of the years 0 to 9999: set the node's clock", t)
	}
	return nil
}

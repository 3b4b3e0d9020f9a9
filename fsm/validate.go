package fsm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate reports why command should not be proposed on top of v, nil if it
// may be. The leader asks before it proposes; Apply itself only compares and
// sets, so that a rule that changes between builds never splits the state.
func Validate(v *View, command Command) *Refusal { return Dialect{}.Validate(v, command) }

// validated reports what is wrong with command itself.
func validated(v *View, command Command) *Refusal {
	err := validate(v, command)
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	// Several faults come joined by line feeds, and an answer is one line.
	return refuse(Invalid, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
}

func validate(v *View, command Command) error {
	switch c := command.(type) {
	case Found:
		return errors.Join(validateID("cluster id", c.ClusterID), c.Settings.Validate(), validateTokens(c.Tokens))
	case ChangeSettings:
		return errors.Join(c.Settings.Validate(), validateQuorum(v, c.Settings.Quorum), c.If.validate())
	case SetEndpoint:
		return validateSet(v, c, nil)
	case DeleteEndpoint:
		return errors.Join(ValidateKey(c.Key), c.If.validate())
	case DeclareEndpoints:
		return validateDeclare(v, c)
	case RegisterObserver:
		return validateRegister(v, c)
	case RemoveObserver, PreferVoter:
		return nil // Apply knows who there is
	case RestoreConfiguration:
		return validateRestore(v, c)
	case Transition:
		return validateTransition(c)
	case RecordOutcome:
		return validateOutcome(v, c.Outcome)
	case CreateToken:
		return validateCreateToken(v, c)
	case RevokeToken:
		return validateRevokeToken(v, c)
	case RetryNotification:
		return validateRetry(c.Event, c.Node)
	case AckNotification:
		return validateAck(c)
	case PauseEndpoints:
		return validatePause(v, c.Pause)
	case ResumeEndpoints:
		return validateScope(c.Scope)
	case SetWindow:
		return errors.Join(validateWindow(v, c.Window), c.If.validate())
	case DeleteWindow:
		return errors.Join(ValidateNodeName(c.Name), c.If.validate())
	case ForgetEnded:
		return validateTime(c.Before)
	case ForceState:
		return validateForce(c)
	}
	return unknownCommand(command)
}

func validateID(what, id string) error {
	if id == "" {
		return fmt.Errorf("the %s is empty: give one of 1 to %d bytes", what, maxID)
	}
	return validateText(what, id, maxID)
}

// validateSet knows what others are declared to be at the same time.
func validateSet(v *View, c SetEndpoint, others map[string]Declared) error {
	if err := errors.Join(ValidateKey(c.Key), ValidateValue(c.Value), c.If.validate()); err != nil {
		return err
	}
	var had Endpoint
	if e, exists := v.Endpoint(c.Key); exists {
		had = *e
	} else if v.EndpointCount() >= MaxEndpoints {
		return refuse(Conflict, "there are %d endpoints already, and no more are allowed: delete some before adding %q", v.EndpointCount(), c.Key)
	}
	overrides, labels := c.on(had.Overrides, had.Labels)
	if c.Overrides != nil {
		if err := overrides.Over(v.Settings().Settings).Validate(); err != nil {
			return err
		}
		if q := c.Overrides.Quorum; q != nil {
			if err := validateQuorum(v, *q); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(validateChecked(v, c.Key, c.Value, overrides), validateRun(v, c.Key, overrides)); err != nil {
		return err
	}
	if c.Labels != nil {
		if err := validateLabels(labels); err != nil {
			return err
		}
	}
	return validateParents(v, c.Key, c.parentsOn(had.Parents), had.Parents, others)
}

// validateLabels goes through them in order, so that the same fault is reported
// each time.
func validateLabels(labels map[string]string) error {
	if len(labels) > maxLabels {
		return fmt.Errorf("%d labels: at most %d are allowed", len(labels), maxLabels)
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name == "" {
			return errors.New("a label has no name: give each one")
		}
		if err := validateText("label name", name, maxLabel); err != nil {
			return fmt.Errorf("label %.80q: %w", name, err)
		}
		if err := validateText("label value", labels[name], maxLabel); err != nil {
			return fmt.Errorf("label %q: %w", name, err)
		}
	}
	return nil
}

func validateRegister(v *View, c RegisterObserver) error {
	errs := []error{ValidateNodeName(c.Node), validateID("incarnation", c.Incarnation)}
	if c.Site != "" {
		if err := ValidateNodeName(c.Site); err != nil {
			errs = append(errs, fmt.Errorf("site: %w", err))
		}
	}
	errs = append(errs,
		validateText("raft address", c.Raft, maxAddress), validateText("gossip address", c.Gossip, maxAddress),
		validateText("HTTP address", c.HTTP, maxAddress), validateText("version", c.Version, maxID))
	if c.Protocol < 0 || c.Protocol > maxProtocol {
		errs = append(errs, fmt.Errorf("protocol %d is not between 0 and %d", c.Protocol, maxProtocol))
	}
	if _, err := ParseBallotKey(c.BallotKey); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if refused := v.admits(c.Node, c.Version, max(c.Protocol, 1)); refused != nil {
		return refused
	}
	if _, known := v.Observer(c.Node); !known && v.ObserverCount() >= MaxObservers {
		return refuse(Conflict, "there are %d observers already, and no more are allowed: remove some before node %q joins", v.ObserverCount(), c.Node)
	}
	return nil
}

// validateQuorum refuses a number of half the observers or fewer: two halves
// that can't see each other would both decide.
func validateQuorum(v *View, q Quorum) error {
	n := v.ObserverCount()
	if q != Majority && int(q) <= n/2 {
		return fmt.Errorf("quorum %d is half of the %d observers or fewer, so that two halves could decide against each other: give %d or more, or \"majority\"", q, n, n/2+1)
	}
	if n > 0 && int(q) > n {
		return fmt.Errorf("quorum %d is more than the %d observers, so that nothing could ever be decided: give %d to %d, or \"majority\"", q, n, n/2+1, n)
	}
	return nil
}

package fsm

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what people may write.
const (
	MaxKey      = 512      // bytes of a key
	MaxValue    = 64 << 10 // bytes of a value
	MaxNodeName = 64       // bytes of a node's name, and of a site's
	maxLabels   = 64
	maxLabel    = 256
)

// ValidateKey reports why key can't be the key of an endpoint.
func ValidateKey(key string) error {
	if key == "" {
		return errors.New("the key is empty: give one of 1 to 512 bytes")
	}
	return validateText("key", key, MaxKey)
}

// ValidateValue reports why value can't be the value of an endpoint.
func ValidateValue(value string) error { return validateText("value", value, MaxValue) }

func validateText(what, text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("the %s has %d bytes: at most %d are allowed", what, len(text), most)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("the %s is not valid UTF-8", what)
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
		return fmt.Errorf("the %s has the control character %q at byte %d: none are allowed", what, text[i:i+1], i)
	}
	return nil
}

// ValidateNodeName reports why name can't be the name of a node or a site:
// letters, digits, dot, dash and underscore, up to 64 of them.
func ValidateNodeName(name string) error {
	if name == "" || len(name) > MaxNodeName {
		return fmt.Errorf("name %q has %d bytes: give 1 to %d", name, len(name), MaxNodeName)
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", r) {
			return fmt.Errorf("name %q has the character %q: use letters, digits, dot, dash and underscore", name, r)
		}
	}
	return nil
}

// ValidateScriptName reports why name can't be the name of a script: a file
// directly in the scripts directory, never a path.
func ValidateScriptName(name string) error {
	switch {
	case name == "":
		return errors.New("the script name is empty")
	case strings.ContainsAny(name, `/\`), name == ".", name == "..":
		return fmt.Errorf("script name %q is a path: give the name of a file in the scripts directory", name)
	}
	return validateText("script name", name, 255)
}

// Validate reports why command should not be proposed on top of v, nil if it
// may be. The leader asks before it proposes; Apply itself only compares and
// sets, so that a rule that changes between builds never splits the state.
func Validate(v *View, command Command) *Refusal {
	err := validate(v, command)
	if err == nil {
		return nil
	}
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return refuse(Invalid, "%v", err)
}

func validate(v *View, command Command) error {
	switch c := command.(type) {
	case Found:
		return c.Settings.Validate()
	case ChangeSettings:
		return errors.Join(c.Settings.Validate(), validateQuorum(v, c.Settings.Quorum))
	case SetEndpoint:
		return validateSet(v, c)
	case RegisterObserver:
		if c.Incarnation == "" {
			return errors.New("the registration carries no incarnation")
		}
		if c.Site != "" {
			if err := ValidateNodeName(c.Site); err != nil {
				return fmt.Errorf("site: %w", err)
			}
		}
		return ValidateNodeName(c.Node)
	}
	return nil
}

func validateSet(v *View, c SetEndpoint) error {
	if err := errors.Join(ValidateKey(c.Key), ValidateValue(c.Value)); err != nil {
		return err
	}
	if c.Overrides != nil {
		if err := c.Overrides.Over(v.Settings().Settings).Validate(); err != nil {
			return err
		}
		if q := c.Overrides.Quorum; q != nil {
			if err := validateQuorum(v, *q); err != nil {
				return err
			}
		}
	}
	if c.Labels != nil {
		return validateLabels(*c.Labels)
	}
	return nil
}

func validateLabels(labels map[string]string) error {
	if len(labels) > maxLabels {
		return fmt.Errorf("%d labels: at most %d are allowed", len(labels), maxLabels)
	}
	for name, value := range labels {
		if name == "" {
			return errors.New("a label has no name")
		}
		if err := errors.Join(validateText("label name", name, maxLabel), validateText("label value", value, maxLabel)); err != nil {
			return err
		}
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

package fsm

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what people and scripts may write, and of how many there may
// be of a thing.
const (
	MaxKey       = 512      // bytes of a key
	MaxValue     = 64 << 10 // bytes of a value
	MaxNodeName  = 64       // bytes of a node's name, and of a site's
	MaxEndpoints = 100_000
	MaxObservers = 255     // and so votes for one change
	MaxOutput    = 1 << 10 // bytes kept of the output of a notification
	MaxProblem   = 256     // bytes kept of what went wrong with it
	maxReason    = 256     // bytes of a vote's reason, and of why it is excluded
	maxLabels    = 64
	maxLabel     = 256
	maxID        = 128 // bytes of a cluster's id, and of an incarnation
	maxAddress   = 256
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
		return fmt.Errorf("the %s is not valid UTF-8: write it in UTF-8", what)
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
		control, _ := utf8.DecodeRuneInString(text[i:])
		return fmt.Errorf("the %s has the control character %q at byte %d: none are allowed", what, control, i)
	}
	return nil
}

// validateOutput is for what scripts wrote, where control characters are usual.
func validateOutput(what, text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("the %s has %d bytes: at most %d are kept", what, len(text), most)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("the %s is not valid UTF-8: write it in UTF-8", what)
	}
	return nil
}

// ValidateNodeName reports why name can't be the name of a node or a site:
// letters, digits, dot, dash and underscore, up to 64 of them.
func ValidateNodeName(name string) error {
	if name == "" || len(name) > MaxNodeName {
		return fmt.Errorf("name %.80q has %d bytes: give 1 to %d", name, len(name), MaxNodeName)
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", r) {
			return fmt.Errorf("name %q has the character %q: use letters, digits, dot, dash and underscore", name, r)
		}
	}
	if name == "." || name == ".." { // folders are named after nodes
		return fmt.Errorf("name %q is that of a folder: give another one", name)
	}
	return nil
}

// ValidateScriptName reports why name can't be the name of a script: a file
// directly in the scripts directory, never a path.
func ValidateScriptName(name string) error {
	switch {
	case name == "":
		return errors.New("the script name is empty: give the name of a file in the scripts directory")
	case strings.ContainsAny(name, `/\`), name == ".", name == "..":
		return fmt.Errorf("script name %.255q is a path: give the name of a file in the scripts directory", name)
	}
	return validateText("script name", name, 255)
}

package fsm

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ValidateTarget reports why value can't be what a check of that kind looks at,
// on whatever node: such an endpoint could only ever be UNKNOWN. What a script
// or a plugin makes of its value is for it to say.
func ValidateTarget(check Check, value string) error {
	switch check {
	case CheckHTTP:
		return validateURL(value)
	case CheckTCP:
		return validateHostPort(value)
	}
	return nil
}

func validateURL(value string) error {
	u, err := url.Parse(value)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL around it is known, and may carry a password
	}
	switch {
	case err != nil:
		return fmt.Errorf("the value is not a URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the value is not a URL that begins with http:// or https://")
	case u.Hostname() == "":
		return errors.New("the URL names no host")
	case u.Port() != "":
		return validatePort(u.Port())
	}
	return nil
}

func validateHostPort(value string) error {
	colon := strings.LastIndexByte(value, ':')
	if colon < 0 {
		return noHostPort(value)
	}
	host, port := value[:colon], value[colon+1:]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return noHostPort(value)
		}
	} else if strings.Contains(host, ":") {
		return noHostPort(value)
	}
	if strings.ContainsAny(host+port, "[]") {
		return noHostPort(value)
	}
	if host == "" {
		return fmt.Errorf("the value %.100q names no host before the port", value)
	}
	return validatePort(port)
}

func noHostPort(value string) error {
	return fmt.Errorf("the value %.100q is not host:port, like db1.example.com:5432 or [2001:db8::1]:443", value)
}

// validatePort lets names of services pass: which there are is for each machine
// to say. Port 0 means "any" to a listener, and nothing to us.
func validatePort(port string) error {
	n, err := strconv.Atoi(port)
	named := errors.Is(err, strconv.ErrSyntax)
	if port == "" || !named && (err != nil || n < 1 || n > 65535) {
		return fmt.Errorf("the port %.32q is neither a number from 1 to 65535 nor the name of a service", port)
	}
	return nil
}

// validateChecked refuses a value that the check of the endpoint could not look
// at. What is so already stays: whoever changes a label of an endpoint from
// before there was this rule is not to blame for it.
func validateChecked(v *View, key, value string, overrides Overrides) error {
	check := overrides.Over(v.Settings().Settings).Check
	if old, exists := v.Endpoint(key); exists && old.Value == value && v.SettingsOf(old).Check == check {
		return nil
	}
	if err := ValidateTarget(check, value); err != nil {
		return fmt.Errorf("check %s: %w", check, err)
	}
	return nil
}

// validateRun refuses an endpoint that asks for a check of another kind than the
// cluster's and names nothing that such a check runs: the cluster's script knows
// nothing of plugins or of streams, and might well say UP whatever there is.
// What is so already stays, as with values.
func validateRun(v *View, key string, overrides Overrides) error {
	says := func(o Overrides) bool {
		return o.Check != nil && o.Verify == nil && *o.Check != v.Settings().Check
	}
	if !says(overrides) {
		return nil
	}
	check := *overrides.Check
	if old, exists := v.Endpoint(key); exists && says(old.Overrides) && *old.Overrides.Check == check {
		return nil
	}
	return unnamed(check)
}

// unnamed says what is missing where a check runs something that has no name
// yet, nil if there is nothing to run.
func unnamed(check Check) error {
	switch check {
	case CheckNagios:
		return errors.New("check nagios runs a plugin: name it with verify (--verify NAME)")
	case CheckStream:
		return errors.New("check stream runs a script that stays: name it with verify (--verify NAME)")
	}
	return nil
}

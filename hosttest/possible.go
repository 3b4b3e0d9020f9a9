//go:build linux

package hosttest

import (
	"errors"
	"fmt"
	"os/exec"

	"tocsin/hosttest/lan"
)

// Possible returns what is missing here for a storm, nil if nothing is.
func Possible() error {
	errs := []error{lan.Possible()}
	for tool, where := range map[string]string{"strace": "strace", "bash": "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			errs = append(errs, fmt.Errorf("%w: install %s", err, where))
		}
	}
	return errors.Join(append(errs, groupsPossible())...)
}

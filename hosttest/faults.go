//go:build linux

package hosttest

import (
	"context"
	"slices"
	"time"
)

// kind is one kind of fault. begin begins it; nil if it is not possible now.
type kind struct {
	name  string
	begin func(*Storm, context.Context) (*wound, error)
}

// wound is a fault that is on.
type wound struct {
	what, whom string
	lasts      time.Duration
	victims    []string
	// contained says that only the victims suffer.
	contained bool
	end       func() error
}

// kinds returns all kinds of fault for a storm of that length.
func kinds(length time.Duration) []kind {
	all := slices.Concat(processKinds(), networkKinds(), worldKinds(), machineKinds(), memberKinds())
	if length >= 10*time.Minute {
		all = append(all, patientKinds()...)
	}
	return all
}

package verify

import "sync/atomic"

// limits is how many checks of the kinds script and nagios may run at once,
// from the next turn of the scheduler on.
type limits struct {
	checks  atomic.Int64
	changed chan struct{} // never closed; one place: whoever reads it sees the newest
}

// Limit changes MaxChecks; 0 means 64. Checks in flight beyond a smaller limit
// come to their ends, and no other starts meanwhile. It does not wait.
func (v *Verifier) Limit(maxChecks int) {
	v.limits.checks.Store(int64(checksOrDefault(maxChecks)))
	select {
	case v.limits.changed <- struct{}{}:
	default:
	}
}

func checksOrDefault(n int) int {
	if n <= 0 {
		return 64
	}
	return n
}

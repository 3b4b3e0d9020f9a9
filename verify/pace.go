package verify

import (
	"time"

	"tocsin/fsm"
)

// firstWithin bounds how long a new or changed endpoint waits for its first
// check.
const firstWithin = time.Second

// firstDelay returns how long after it appeared an endpoint is checked for the
// first time. Chance, in [0, 1), spreads the endpoints that appear together.
func firstDelay(s fsm.Settings, chance float64) time.Duration {
	return time.Duration(chance * float64(min(s.Retry(), firstWithin)))
}

// pause returns the time from the start of one check to the due time of the
// next: nine tenths of the interval or more and never above it, so that nodes
// and endpoints drift apart and a promise of "every interval" still holds.
// After a sample that disagrees with the verdict it is the retry interval that
// counts.
func pause(s fsm.Settings, disagrees bool, chance float64) time.Duration {
	interval := time.Duration(s.Interval)
	if disagrees {
		interval = s.Retry()
	}
	return interval - time.Duration(chance*float64(interval)/10)
}

// patience is how long after its timeout a check may take to clean up: a script
// gets a while to end by itself before it is killed.
const patience = 10 * time.Second

// tolerance returns how late a check may start before it counts as late: as
// much as the jitter takes away, but nothing that the machine's own scheduling
// explains.
func tolerance(s fsm.Settings) time.Duration {
	return max(time.Duration(s.Interval)/10, 100*time.Millisecond)
}

package server

import (
	"maps"
	"sync"
	"time"
)

// Refusals in a row that one source may have (see connlimit.Source), how long it takes
// until it may have one more, and how many sources are told apart. A token can't be found
// by trying; this bounds what trying costs, and what it writes to the logs.
// Whoever shows a good token is let in all the same.
const (
	attemptsAtOnce  = 20
	attemptReturns  = time.Second
	attemptsTracked = 1024
)

// attempts counts refusals by source.
type attempts struct {
	mu sync.Mutex
	// free is when a source has all of its attempts again.
	free map[string]time.Time
}

// fail takes note of a refusal, and reports whether there was an attempt left.
func (a *attempts) fail(source string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.free == nil {
		a.free = make(map[string]time.Time)
	}
	free, known := a.free[source]
	if !known && len(a.free) >= attemptsTracked {
		maps.DeleteFunc(a.free, func(_ string, free time.Time) bool { return !free.After(now) })
		if len(a.free) >= attemptsTracked {
			return false
		}
	}
	if free.Before(now) {
		free = now
	}
	if free.Sub(now) > (attemptsAtOnce-1)*attemptReturns {
		return false
	}
	a.free[source] = free.Add(attemptReturns)
	return true
}

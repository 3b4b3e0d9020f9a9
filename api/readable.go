package api

import (
	"time"

	"tocsin/fsm"
)

// Readable drops the digits of a duration that nobody reads. What is above
// zero stays above it.
func Readable(d time.Duration) fsm.Duration {
	if d > 0 && d < time.Millisecond {
		return fsm.Duration(time.Millisecond)
	}
	return fsm.Duration(d.Round(time.Millisecond))
}

// ReadableTime does the same for a time of day.
func ReadableTime(t time.Time) time.Time { return t.Round(time.Millisecond) }

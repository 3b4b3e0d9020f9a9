package stream

import "time"

// The pauses between two lives of a script. They need no jitter: the next life
// begins with the next check, and that comes at a moment of its own.
const (
	minPause = time.Second
	maxPause = time.Minute
)

// pauseAfter returns how long a script is left alone that has ended after so long
// a life, given the pause before that life; 0 if it was the first. A script that
// dies of one endpoint is so there for the others at least half of the time.
func pauseAfter(life, before time.Duration) time.Duration {
	if before == 0 || life > before {
		return minPause
	}
	return min(2*before, maxPause)
}

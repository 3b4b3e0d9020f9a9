package connlimit

import "sync"

// Limits are how many may be inside at once: All together, and FromOne source (see Source).
type Limits struct{ All, FromOne int }

// Tally counts who is inside, by where they come from. Its methods may be called
// from any goroutine.
type Tally struct {
	limits Limits

	mu     sync.Mutex
	inside map[string]int // guarded by mu, as all is; holds no zeros
	all    int
}

// NewTally returns a tally of nobody.
func NewTally(limits Limits) *Tally { return &Tally{limits: limits, inside: make(map[string]int)} }

// Enter counts one more from there, and reports whether there was room; if not,
// nothing is counted. Who has entered calls Leave once.
func (t *Tally) Enter(from string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all >= t.limits.All || t.inside[from] >= t.limits.FromOne {
		return false
	}
	t.all++
	t.inside[from]++
	return true
}

// Leave counts one less from there.
func (t *Tally) Leave(from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all--
	if t.inside[from]--; t.inside[from] == 0 {
		delete(t.inside, from)
	}
}

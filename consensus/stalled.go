package consensus

import (
	"fmt"
	"sync"
	"time"
)

// longestApply is how long one committed entry may take to be applied.
const longestApply = 30 * time.Second

// applying tells a state machine that has nothing to do from one that hangs. Its
// methods may be called from any goroutine.
type applying struct {
	mu    sync.Mutex
	index uint64    // that was applied last, as far as it was looked at
	since time.Time // when it was first seen with more to be applied; zero: never
}

// look returns for how long the entry behind index has been waiting.
func (a *applying) look(now time.Time, index, committed uint64) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if index >= committed || index != a.index || a.since.IsZero() {
		a.index, a.since = index, time.Time{}
		if index < committed {
			a.since = now
		}
		return 0
	}
	return now.Sub(a.since)
}

// Stalled returns an error if a committed entry waits for too long to be applied.
// It does not block.
func (m *Member) Stalled(now time.Time) error {
	applied := m.raft.AppliedIndex()
	if waiting := m.applying.look(now, applied, m.raft.CommitIndex()); waiting > longestApply {
		return fmt.Errorf("entry %d was committed and has not been applied for %v", applied+1, waiting.Round(time.Second))
	}
	return nil
}

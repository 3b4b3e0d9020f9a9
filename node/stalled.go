package node

import (
	"fmt"
	"sync"
	"time"
)

const (
	// longestTurn is how long ago the doubter may have looked, which it does
	// twice a second.
	longestTurn = 10 * time.Second
	// longestApply is how long one committed entry may take to be applied.
	longestApply = 30 * time.Second
)

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

// Stalled returns why this node makes no progress, nil if it does: for a watchdog
// that starts it again. A node without a leader, a slow script and a disk that
// is full are no standstills. It does not block, and may be called from any
// goroutine.
func (n *Node) Stalled() error {
	if n.removed.Load() {
		return nil // it has ended its duties, and only says so
	}
	now := time.Now()
	turned := n.doubter.Turned()
	if turned.IsZero() {
		turned = n.started
	}
	if ago := now.Sub(turned); ago > longestTurn {
		return fmt.Errorf("the node has not looked at itself for %v: a lock may be held for ever", ago.Round(time.Second))
	}
	applied := n.raft.AppliedIndex()
	if waiting := n.applying.look(now, applied, n.raft.CommitIndex()); waiting > longestApply {
		return fmt.Errorf("entry %d was committed and has not been applied for %v", applied+1, waiting.Round(time.Second))
	}
	return nil
}

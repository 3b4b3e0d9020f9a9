package node

import (
	"fmt"
	"time"
)

// longestTurn is how long ago the doubter may have looked, which it does twice a
// second.
const longestTurn = 10 * time.Second

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
	return n.raft.Stalled(now)
}

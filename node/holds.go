package node

import (
	"context"
	"time"

	"tocsin/fsm"
)

// forgetEvery is how often the leader looks for pauses and windows that have
// ended. They hold nothing back any more; until then they are just not shown.
const forgetEvery = 30 * time.Second

// forgetEnded removes the pauses and windows that have ended, by this node's wall
// clock, as long as it leads.
func (n *Node) forgetEnded(ctx context.Context) error {
	look := time.NewTicker(forgetEvery)
	defer look.Stop()
	for {
		select {
		case now := <-look.C:
			if !anyEnded(n.machine.View().Holds(), now) {
				continue
			}
			if _, err := n.raft.ProposeHere(ctx, fsm.ForgetEnded{Before: now}); err != nil && ctx.Err() == nil {
				n.log.Debug("pauses that have ended can't be removed, will try again", "err", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func anyEnded(holds *fsm.Holds, now time.Time) bool {
	for _, p := range holds.Pauses {
		if p.Ended(now) {
			return true
		}
	}
	for _, w := range holds.Windows {
		if w.Ended(now) {
			return true
		}
	}
	return false
}

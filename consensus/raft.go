package consensus

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/hcslog"
)

// newRaft starts raft.
func (m *Member) newRaft() (*raft.Raft, error) {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(m.config.Node)
	c.Logger = hcslog.New(m.log)
	c.NotifyCh = m.leadCh
	// Entries that wait together are written together.
	c.BatchApplyCh = true
	c.MaxAppendEntries = 64
	// Trailing entries must stay well above what can be under way at once, or
	// a follower with a divergent tail may be sent snapshots for ever.
	c.TrailingLogs = cmp.Or(m.config.Retention.Trailing, 10240)
	c.SnapshotThreshold = cmp.Or(m.config.Retention.Threshold, 4096)
	c.SnapshotInterval = cmp.Or(m.config.Retention.Interval, time.Minute)
	c.NoLegacyTelemetry = true
	var r *raft.Raft
	var err error
	var starting sync.WaitGroup
	// In a goroutine of its own, for the store ends the one that asks it for
	// what it can't give.
	starting.Go(func() {
		r, err = raft.NewRaft(c, m.machine, m.store, m.store, m.config.Outside.Snapshots, m.transport)
	})
	starting.Wait()
	if r == nil && err == nil {
		err = m.store.Err()
	}
	if halted := m.machine.Err(); err != nil && halted != nil {
		err = halted // what raft makes of it does not say why
	}
	if err != nil {
		return nil, fmt.Errorf("start raft: %w", err)
	}
	return r, nil
}

package node

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/gossipdb"
	"tocsin/hcslog"
	"tocsin/keyring"
	"tocsin/raftwire"
)

// newRaft starts raft on what outside offers.
func (n *Node) newRaft() (*raft.Raft, error) {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.cfg.Name)
	c.Logger = hcslog.New(n.log)
	c.NotifyCh = n.leadCh
	// Entries that wait together are written together.
	c.BatchApplyCh = true
	c.MaxAppendEntries = 64
	// Trailing entries must stay well above what can be under way at once, or
	// a follower with a divergent tail may be sent snapshots for ever.
	c.TrailingLogs = cmp.Or(n.cfg.Retention.Trailing, 10240)
	c.SnapshotThreshold = cmp.Or(n.cfg.Retention.Threshold, 4096)
	c.SnapshotInterval = cmp.Or(n.cfg.Retention.Interval, time.Minute)
	c.NoLegacyTelemetry = true
	var err error
	if n.transport, err = raftwire.New(raftwire.Config{
		Inner: n.out.Raft.Transport, Node: n.cfg.Name, Process: n.incarnation,
		Cluster: n.clusterID, Member: n.isMember, WhereIs: n.whereIs, Logger: n.log,
	}); err != nil {
		return nil, err
	}
	var r *raft.Raft
	var starting sync.WaitGroup
	// In a goroutine of its own, for the store ends the one that asks it for
	// what it can't give.
	starting.Go(func() {
		r, err = raft.NewRaft(c, n.machine, n.store, n.store, n.out.Raft.Snapshots, n.transport)
	})
	starting.Wait()
	if r == nil && err == nil {
		err = n.store.Err()
	}
	if halted := n.machine.Err(); err != nil && halted != nil {
		err = halted // what raft makes of it does not say why
	}
	if err != nil {
		return nil, fmt.Errorf("start raft: %w", err)
	}
	return r, nil
}

func (n *Node) gossipConfig(ring keyring.Ring) gossipdb.GossipConfig {
	return gossipdb.GossipConfig{
		Node:      n.cfg.Name,
		Bind:      n.cfg.Gossip,
		Advertise: n.cfg.advertised(n.cfg.Gossip),
		Transport: n.out.Gossip,
		Keys:      ring,
		Cluster:   n.clusterID,
		Meta:      n.meta(),
		RefreshInterval: func() time.Duration {
			return time.Duration(n.machine.View().Settings().BallotRefresh)
		},
		Leader: func() string {
			leader, _ := n.Leader()
			return leader.Node
		},
		Peers:  n.gossipPeers,
		Unsure: n.doubter.Unsure,
		Logger: n.log,
	}
}

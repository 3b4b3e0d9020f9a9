package node

import (
	"context"
	"time"

	"tocsin/api"
)

// Blank implements server.Freshness. Until there is a leader, who alone can say how
// much of the log on the disk is committed, a member knows no more than its newest
// snapshot, and then it goes through that log: it knows what was acknowledged before
// its start when it has come to the registration of its own process. If no leader is
// found the snapshot has to do, if there is one.
func (n *Node) Blank() bool {
	if n.out.Identity.Cluster == "" || n.registered() != nil || n.removed.Load() {
		return false
	}
	_, led := n.Leader()
	return led || n.machine.View().ClusterID() == "" || time.Since(n.started) < api.StartingTime
}

// CatchUp implements server.Freshness.
func (n *Node) CatchUp(ctx context.Context, verified bool) error {
	return n.raft.CatchUp(ctx, verified)
}

// IndexAsLeader implements server.Peer.
func (n *Node) IndexAsLeader(ctx context.Context, verified bool) (uint64, error) {
	return n.raft.IndexAsLeader(ctx, verified)
}

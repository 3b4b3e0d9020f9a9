package node

import (
	"context"
	"crypto/rand"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/api"
	"tocsin/consensus"
	"tocsin/fsm"
)

// consensusConfig says what this node's part in the consensus is.
func (n *Node) consensusConfig() consensus.Config {
	return consensus.Config{
		Node: n.cfg.Name, Process: n.incarnation,
		Raft: n.cfg.advertised(n.cfg.Raft), HTTP: n.cfg.advertised(n.cfg.HTTP),
		Outside: n.out.Raft, Machine: n.machine, Dialect: n.cfg.Dialect, Retention: n.cfg.Retention, WriteLimit: n.cfg.WriteLimit,
		Cluster: n.clusterID, Member: n.isMember, WhereIs: n.whereIs, Peers: n.out.Peers,
		Found:         n.foundation,
		Established:   n.ballots.Refresh, // ours must be younger than the lead to count
		Lead:          n.lead,
		LeaderChanged: n.leaderChanged,
		Leadership:    n.metrics.Leadership, Retried: n.metrics.Writes.Retried, Wrote: n.metrics.Disk.Wrote,
		Logger: n.log,
	}
}

// foundation is what a cluster that this node founds begins with: its id, first
// settings and first tokens.
func (n *Node) foundation() fsm.Found {
	return fsm.Found{ClusterID: rand.Text(), Settings: n.cfg.Settings, Tokens: n.firstTokens()}
}

// lead does what only the leader does, for one term.
func (n *Node) lead(ctx context.Context, term uint64, since time.Time) error {
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return n.loop.Run(working, term, since) })
	group.Go(func() error { return n.keepMembership(working) })
	group.Go(func() error { return n.keepHearing(working) })
	group.Go(func() error { return n.forgetEnded(working) })
	return group.Wait()
}

// leaderChanged tells those who care that the leader may have changed.
func (n *Node) leaderChanged() {
	n.gossip.Refresh()
	if notifier := n.notifier.Load(); notifier != nil {
		notifier.LeadershipChanged()
	}
}

// Leader implements server.Membership: who leads, and where to reach it.
func (n *Node) Leader() (api.LeaderInfo, bool) { return n.raft.Leader() }

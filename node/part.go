package node

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"tocsin/datadir"
	"tocsin/fsm"
	"tocsin/notify"
)

// errRemoved ends the duties of a node that the cluster has taken out.
var errRemoved = errors.New("this node was taken out of the cluster")

// takePart makes this process a member and lets it vote and notify, until ctx
// ends or the cluster takes the node out.
func (n *Node) takePart(ctx context.Context) error {
	if err := n.establish(ctx); err != nil {
		return err
	}
	epoch, err := n.register(ctx)
	if err != nil {
		return err
	}
	cluster := n.machine.View().ClusterID()
	identity, err := n.remember(cluster)
	if err != nil {
		return err
	}
	n.log.Info("this node takes part", "cluster", cluster, "epoch", epoch)
	n.ballots.Open(epoch)
	n.gossip.PeersChanged() // they came with the log

	notifier, err := n.newNotifier(notify.Config{
		Node: n.cfg.Name, Site: n.cfg.Site, Cluster: cluster, Machine: n.machine, Ledger: n.out.Ledger, Runner: n.out.Runner,
		Leading: n.raft.Leads, Alive: n.alive, Reporter: reporter{n},
		Start: epoch, Observer: n.metrics.Notifications, Logger: n.log,
		Returning: n.out.Identity.Cluster != "",
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return notifier.Run(ctx) })
	group.Go(func() error { return n.watchMembership(ctx, epoch) })
	group.Go(func() error { return n.tellEvents(ctx, epoch) })
	group.Go(func() error { return n.followProtocol(ctx, identity) })
	return group.Wait()
}

// remember makes durable to which cluster the data on this disk belongs.
func (n *Node) remember(cluster string) (datadir.Identity, error) {
	identity := n.out.Identity
	identity.Cluster, identity.SetAside = cluster, false
	if n.out.Identity != identity {
		if err := n.out.Remember(identity); err != nil {
			return identity, fmt.Errorf("remember the cluster in the data directory: %w", err)
		}
	}
	n.member.Store(true)
	return identity, nil
}

// isMember reports whether the disk belongs to a member, so that this node may
// vote in raft: it has forgotten nothing since.
func (n *Node) isMember() bool { return n.member.Load() }

// watchMembership follows what the cluster holds of this node: it may have been
// taken out, taken in again, or another process may have registered under its
// name, of which the older one ends.
func (n *Node) watchMembership(ctx context.Context, epoch uint64) error {
	for {
		changed := func(*fsm.View) bool {
			o := n.registered()
			return o == nil || o.Epoch != epoch
		}
		if n.machine.Await(ctx, changed) != nil {
			return nil // stopping
		}
		if o := n.registered(); o != nil {
			epoch = o.Epoch // it was out and in again before this node noticed
			n.ballots.Open(epoch)
			continue
		}
		if o, ok := n.machine.View().Observer(n.cfg.Name); ok {
			return fmt.Errorf("another process has registered as node %q, at %s: this older one ends; give every node a --node and a --data-dir of its own", n.cfg.Name, o.Raft)
		}
		return errRemoved
	}
}

package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/api"
)

// carryGrace is how long a node that was taken out goes on carrying raft for the
// others. They may need it for the majority that removes it from the raft
// configuration: an election, the first entry of the new leader's term, and
// membershipCheck between two tries, all of which is over in a few seconds unless
// others are silent too. It is no member, so it does not wait for those for ever.
const carryGrace = 30 * time.Second

// retire notes that the cluster has taken this node out, and gives the lead away.
func (n *Node) retire(ctx context.Context) {
	n.removed.Store(true)
	n.log.Warn("this node was taken out of the cluster: it votes and notifies no more, and stays up only to say so; stop it, or start it again to bring it back")
	if n.raft.Leads() {
		n.leadNoMore(ctx)
	}
}

// carryRaft returns when the raft configuration no longer holds this node: until
// then it counts there as a voter, and without it the others may have no majority
// to remove it with. It returns earlier when carryGrace is over, or one of the
// contexts: when the node is stopped, or what carries it has failed. That it asks
// for votes meanwhile disturbs nobody, for those who hear a leader refuse a
// pre-vote; should it win, its plan is to hand the lead over.
func (n *Node) carryRaft(carrying, serving context.Context) {
	grace := time.NewTimer(carryGrace)
	defer grace.Stop()
	look := time.NewTicker(membershipPause)
	defer look.Stop()
	for n.inRaft() {
		select {
		case <-look.C:
		case <-grace.C:
			n.log.Warn("the raft configuration still holds this node, which was taken out: its raft is shut down all the same; the others remove it once a majority of the voters can talk to each other", "after", carryGrace)
			return
		case <-carrying.Done():
			return
		case <-serving.Done():
			return
		}
	}
	n.log.Info("the raft configuration no longer holds this node: its raft is shut down")
}

// inRaft reports whether the raft configuration holds this node, as far as it
// knows.
func (n *Node) inRaft() bool {
	servers, err := n.raft.Servers()
	return err == nil && slices.ContainsFunc(servers, func(s api.Server) bool { return s.Node == n.cfg.Name })
}

// leaveSilently ends the gossip and raft of a node that was taken out.
func (n *Node) leaveSilently() {
	if err := n.gossip.Leave(gossipGrace); err != nil {
		n.log.Debug("nobody was told that this node leaves the gossip", "err", err)
	}
	if err := errors.Join(n.gossip.Shutdown(), n.closeRaft()); err != nil {
		n.log.Warn("this node could not retire in order", "err", err)
	}
}

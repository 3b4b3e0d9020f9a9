package gossipdb

import (
	"context"

	"github.com/hashicorp/memberlist"
)

// MaxMeta is how many bytes a node may describe itself in.
const MaxMeta = memberlist.MetaMaxSize - 1 - MaxCluster

// meta is what travels with this node's name: the length of its cluster's id, the
// id, and what the owner has to say.
func (g *Gossip) meta() []byte {
	cluster := g.config.Cluster()
	m := make([]byte, 0, 1+len(cluster)+len(g.config.Meta))
	m = append(m, byte(len(cluster)))
	m = append(m, cluster...)
	return append(m, g.config.Meta...)
}

// splitMeta takes apart what meta made. Of anything else it makes a node without
// a cluster that says nothing.
func splitMeta(meta []byte) (cluster string, rest []byte) {
	if len(meta) == 0 || meta[0] > MaxCluster || len(meta)-1 < int(meta[0]) {
		return "", nil
	}
	end := 1 + int(meta[0])
	if cluster = string(meta[1:end]); !drawn(cluster) {
		return "", nil
	}
	return cluster, meta[end:]
}

// askedAtOnce is how many members are asked for all they know, once this node
// may know it.
const askedAtOnce = 3

// tellCluster tells the others once that this node belongs to a cluster now, and
// asks some of them for the ballots that it did not take before.
func (g *Gossip) tellCluster(ctx context.Context) {
	cluster := g.config.Cluster()
	if cluster == g.told || g.HasLeft() {
		return
	}
	g.told = cluster
	if err := g.list.UpdateNode(streamTimeout); err != nil {
		// The next push/pull tells them.
		g.config.Logger.Debug("not everybody was told of the cluster of this node", "err", err)
	}
	var some []string
	for _, m := range g.roster.list() {
		if m.Alive && m.Address != g.address && len(some) < askedAtOnce {
			some = append(some, m.Address)
		}
	}
	if _, err := g.join(ctx, some); err != nil {
		g.config.Logger.Debug("nobody told this node what they know", "err", err)
	}
}

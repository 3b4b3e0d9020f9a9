package node

import (
	"time"

	"tocsin/gossipdb"
	"tocsin/keyring"
)

// gossipConfig says how this node gossips.
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

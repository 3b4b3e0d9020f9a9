package node

import (
	"crypto/ed25519"

	"tocsin/fsm"
	"tocsin/gossipdb"
)

// signing is how the ballots of this node are signed, and those of others are
// believed: by the key that each has registered.
func (n *Node) signing() gossipdb.Signing {
	if n.out.BallotKey == nil {
		return gossipdb.Signing{}
	}
	return gossipdb.Signing{Key: n.out.BallotKey, Cluster: n.clusterID, KeyOf: n.ballotKeyOf}
}

func (n *Node) ballotKeyOf(node string) (ed25519.PublicKey, bool) {
	o, known := n.machine.View().Observer(node)
	if !known {
		return nil, false
	}
	key, err := fsm.ParseBallotKey(o.BallotKey)
	return key, err == nil
}

package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"tocsin/api"
	"tocsin/api/peer"
)

// founding is what a node that was told to bootstrap has decided. Of nodes that
// reach each other exactly one founds the cluster, whenever they are started:
// who has founded says so from that instant, and who has not yet decided gives
// way to an asker whose name comes first.
type founding struct {
	mu       sync.Mutex
	founds   bool // decided: this node founds, or belongs to a cluster already
	givesWay bool // decided: another one founds, and this node joins
}

// decide founds unless this node has given way, and says which.
func (f *founding) decide() (founds bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.givesWay {
		f.founds = true
	}
	return f.founds
}

// asked takes note of somebody who wants to found, and reports whether this
// node has founded.
func (f *founding) asked(first bool) (founded bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if first && !f.founds {
		f.givesWay = true
	}
	return f.founds
}

// Introduce implements server.Peer: another node says who it is, and asks the same.
func (n *Node) Introduce(asker peer.Introduction) peer.Introduction {
	first := asker.Bootstrap && asker.ClusterID == "" && asker.Node < n.cfg.Name
	founded := n.founding.asked(first)
	return peer.Introduction{Node: n.cfg.Name, ClusterID: n.clusterID(), Bootstrap: n.cfg.Bootstrap, Founded: founded}
}

func (n *Node) introduction() peer.Introduction {
	return peer.Introduction{Node: n.cfg.Name, ClusterID: n.clusterID(), Bootstrap: n.cfg.Bootstrap}
}

// establish makes a node that belongs to no cluster part of one: of that of
// its --join addresses, or, with --bootstrap, of a new one when none of them
// belongs to any. A node that belongs to a cluster already needs nothing.
func (n *Node) establish(ctx context.Context) error {
	if n.raft.HasState() {
		n.founding.decide()
		return nil
	}
	if n.out.Identity.SetAside {
		// It was a member, and what it knew was set aside: a cluster founded
		// now would stand beside the one that it belongs to.
		n.log.Info("the data of this node were set aside: it comes in again as a new member", "cluster", n.out.Identity.Cluster)
		return nil
	}
	if !n.cfg.Bootstrap {
		if len(n.cfg.Join) == 0 {
			n.log.Info("this node belongs to no cluster and was told neither --bootstrap nor --join: it waits for a member to take it in", "address", n.cfg.advertised(n.cfg.Gossip))
		}
		return nil
	}
	silent, reached, err := n.lookForCluster(ctx)
	if err != nil {
		return err
	}
	if reached || !n.founding.decide() {
		n.log.Info("a cluster is there or being founded, so none is founded here: this node joins it", "addresses", strings.Join(n.cfg.Join, ","))
		return nil
	}
	return n.bootstrap(silent)
}

// lookForCluster asks every --join address whether it belongs to a cluster, or
// soon will. It returns those that did not answer. An answer that can't be
// understood is an error: founding a second cluster beside one that may be
// there does more harm than not starting.
func (n *Node) lookForCluster(ctx context.Context) (silent []string, reached bool, err error) {
	for _, address := range n.cfg.Join {
		asking, cancel := context.WithTimeout(ctx, callTimeout)
		other, err := n.out.Peers.Introduce(asking, address, n.introduction())
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, false, ctx.Err()
		case errors.Is(err, api.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
			silent = append(silent, address)
		case err != nil:
			return nil, false, fmt.Errorf("--join: whether %s belongs to a cluster can't be told, so none is founded: %w", address, err)
		case other.ClusterID != "", other.Founded, other.Bootstrap && other.Node < n.cfg.Name:
			return nil, true, nil
		}
	}
	return silent, false, nil
}

// bootstrap founds a cluster with this node as its only voter. Its id and its
// settings are committed by the first leader, which is this node.
func (n *Node) bootstrap(silent []string) error {
	if len(silent) > 0 {
		n.log.Warn("this node founds a new cluster: nothing is on its disk, and nobody answers at --join. If a cluster exists and this node has lost its disk, stop it now, and start it again when the others are up", "silent", strings.Join(silent, ","))
	} else {
		n.log.Info("this node founds a new cluster")
	}
	return n.raft.Bootstrap()
}

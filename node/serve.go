package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/api/server"
	"tocsin/fsm"
	"tocsin/gossipdb"
)

// serveHTTP serves the API until ctx ends.
func (n *Node) serveHTTP(ctx context.Context) error {
	if n.out.HTTP == nil {
		return nil
	}
	server := newServer(identified(n.handler(ctx.Done())))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(n.out.HTTP) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), serveGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // whoever still reads is cut off
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newServer returns a server that gives nobody more time or room than a request
// takes. What waits or streams asks for more time itself.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    server.MaxHeader,
	}
}

// Handler returns the node's HTTP API.
func (n *Node) Handler() http.Handler { return n.handler(nil) }

// handler returns the API, which sends away whoever waits when stopping is
// closed.
func (n *Node) handler(stopping <-chan struct{}) http.Handler {
	return server.New(server.Config{
		Stopping: stopping,
		State:    n, Writer: n, Samples: n.verifier, Scripts: n.out.Scripts,
		Membership: n, Health: n, Peer: n, Peers: n.out.Peers, Freshness: n, Premises: n, Original: n.cfg.Original,
		Access: n, Loopback: len(n.cfg.reachable([]string{"--http"})) == 0, Audit: n.auditLog(), MetricsOpen: n.cfg.MetricsOpen,
		Metrics: n.metrics.Handler(), Requests: n.metrics.Requests, Logger: n.log,
		Process: n.cfg.Process, Log: n.cfg.Log, Profiling: func() bool { return n.changeable.Load().Profiling },
	})
}

// View implements server.State.
func (n *Node) View() *fsm.View { return n.machine.View() }

// Ballots implements server.State.
func (n *Node) Ballots() *gossipdb.Table { return n.ballots.Table() }

// Self implements server.State.
func (n *Node) Self() api.Self {
	return api.Self{
		Node: n.cfg.Name, Site: n.cfg.Site, Version: n.cfg.Version, Started: n.started,
		HTTP:   n.cfg.advertised(n.cfg.HTTP),
		Raft:   n.cfg.advertised(n.cfg.Raft),
		Gossip: n.cfg.advertised(n.cfg.Gossip),
	}
}

// RaftServers implements server.Membership.
func (n *Node) RaftServers() ([]api.Server, error) { return n.raft.Servers() }

// GossipMembers implements server.Membership.
func (n *Node) GossipMembers() []gossipdb.Member { return n.gossip.Members() }

// GossipJoin implements server.Membership.
func (n *Node) GossipJoin(addresses []string) (int, error) { return n.gossip.Join(addresses) }

// GossipLeave implements server.Membership. The cluster still counts the node: its
// votes are missing from here on, until it is started again.
func (n *Node) GossipLeave() error { return n.gossip.Leave(gossipGrace) }

// LeaveRaft implements server.Membership: it takes the node with that raft address
// out of the observers, and so out of the raft configuration. Of two that claim
// the address (see membership.Plan) that is the one that is not heard, or, while the last
// word of a dead one is still fresh, the one that has claimed it for longer.
func (n *Node) LeaveRaft(ctx context.Context, raftAddress string) error {
	var leaving *fsm.Observer
	for o := range n.machine.View().Observers() {
		if o.Raft == raftAddress && (leaving == nil || n.rather(o, leaving)) {
			leaving = o
		}
	}
	if leaving != nil {
		return n.leave(ctx, fsm.RemoveObserver{Node: leaving.Node})
	}
	return &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf("no node has the raft address %q: see /raftnodes", raftAddress)}
}

// rather reports whether of two that claim one address a is the one to be taken
// out.
func (n *Node) rather(a, b *fsm.Observer) bool {
	if heard := n.fresh(a); heard != n.fresh(b) {
		return !heard
	}
	return a.Epoch < b.Epoch
}

// JoinRaft implements server.Membership: it takes in a node that the gossip knows
// and that waits to be taken in.
func (n *Node) JoinRaft(ctx context.Context, raftAddress string) error {
	for _, m := range n.gossip.Members() {
		var card peer.Registration
		if json.Unmarshal(m.Meta, &card) != nil || card.Raft != raftAddress || !m.Alive {
			continue
		}
		card.ClusterID, card.Node, card.Gossip = m.Cluster, m.Name, m.Address
		if n.raft.Leads() {
			_, err := n.admit(ctx, card, false)
			return err
		}
		leader, known := n.Leader()
		if !known {
			return api.ErrNoLeader
		}
		_, err := n.out.Peers.Register(ctx, leader.HTTP, card)
		return err
	}
	return &fsm.Refusal{Code: fsm.NotFound, Message: fmt.Sprintf(
		"no live gossip member has the raft address %q: start that node (again, if it was taken out) with --join=%s",
		raftAddress, n.cfg.advertised(n.cfg.HTTP))}
}

// meta is what a node tells of itself in the gossip: enough to take it in.
func (n *Node) meta() []byte {
	card := n.registration()
	card.ClusterID, card.Node, card.Gossip = "", "", "" // the gossip knows them
	meta, err := json.Marshal(card)
	if err != nil {
		return nil // strings and numbers always marshal
	}
	return meta
}

// gossipPeers returns whom the gossip should know: the observers, and the
// addresses that were given by hand.
func (n *Node) gossipPeers() []string {
	var addresses []string
	for o := range n.machine.View().Observers() {
		if o.Node != n.cfg.Name {
			addresses = append(addresses, o.Gossip)
		}
	}
	for _, a := range n.changeable.Load().GossipJoin {
		if a = strings.TrimSpace(a); a != "" {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

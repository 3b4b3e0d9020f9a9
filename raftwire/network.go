package raftwire

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/connlimit"
	"tocsin/credentials"
	"tocsin/hcslog"
)

const (
	// callTimeout bounds a call, and before it the making of a connection.
	callTimeout = 5 * time.Second
	// connections are kept open to each node for the next calls.
	connections = 3
)

// NetworkConfig says how raft calls other nodes, and how they call it.
type NetworkConfig struct {
	// Listener is where the others call. TLS has been spoken when it hands
	// out a connection, if it is to be.
	Listener net.Listener
	// Advertise is the address at which they find it.
	Advertise net.Addr
	// Refused is told of whoever is hung up on, for not being who it says it is.
	Refused connlimit.Refused
	// Credentials are what this node shows those that it calls, and believes of
	// them; nil calls in plain text.
	Credentials *credentials.Live
	Logger      *slog.Logger
}

// Network is raft's transport over TCP: it calls by one way, and hears who calls by
// another. Any goroutine may call it.
type Network struct {
	*raft.NetworkTransport
	calls   *stream
	callers *callers
	byName  bool // calls are for a node, and not for whoever is at an address
}

// NewNetwork returns a transport over what c offers, which listens from here on and
// owns the listener.
func NewNetwork(c NetworkConfig) *Network {
	// Who calls comes by connections of its own, and who is called by others.
	hear := func(s raft.StreamLayer) *raft.NetworkTransport {
		return raft.NewNetworkTransportWithLogger(s, connections, callTimeout, hcslog.New(c.Logger))
	}
	call := dialPlain
	if c.Credentials != nil {
		call = dialBy(c.Credentials)
	}
	calls := newStream(c.Advertise, call)
	return &Network{hear(calls), calls, listenTo(c.Listener, c.Refused, hear), c.Credentials != nil}
}

// Consumer implements raft.Transport.
func (n *Network) Consumer() <-chan raft.RPC { return n.callers.asked }

// HangUp ends the calls to others that are under way, and lets there be no more.
func (n *Network) HangUp() { n.calls.hangUp() }

// Close stops listening, and ends the calls.
func (n *Network) Close() error {
	return errors.Join(n.callers.close(), n.NetworkTransport.Close())
}

// CalleeAt returns the address by which this transport is to be asked to call a node
// that is to be reached at that one: see Config.
func (n *Network) CalleeAt(id raft.ServerID, at raft.ServerAddress) raft.ServerAddress {
	if !n.byName {
		return at
	}
	return calleeAt(id, at)
}

// calleeAt is an address that says who is to answer there: raft knows connections
// by their addresses, and does not use one to a node for another that has come to
// be at its address.
func calleeAt(id raft.ServerID, at raft.ServerAddress) raft.ServerAddress {
	return raft.ServerAddress(string(id) + "@" + string(at))
}

// splitCallee is the way back.
func splitCallee(callee raft.ServerAddress) (name, address string, ok bool) {
	return strings.Cut(string(callee), "@")
}

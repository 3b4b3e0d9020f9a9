package node

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// stream carries raft's calls over TCP. It is raft's own, but that it can hang up:
// raft does not end before the last of its calls has, and one to a node that has
// vanished from the network lasts for as long as a call may.
type stream struct {
	net.Listener
	advertise net.Addr
	calling   context.Context // ends with the calls
	hangUp    context.CancelFunc
}

// listen opens a stream on the address that raft is to be reached at.
func listen(address string, advertise net.Addr) (*stream, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &stream{Listener: listener, advertise: advertise}
	s.calling, s.hangUp = context.WithCancel(context.Background())
	return s, nil
}

// Addr implements net.Listener: it is where the others are to call.
func (s *stream) Addr() net.Addr { return s.advertise }

// Dial implements raft.StreamLayer.
func (s *stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	dialing, cancel := context.WithTimeout(s.calling, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dialing, "tcp", string(address))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", address, err)
	}
	return &call{conn, context.AfterFunc(s.calling, func() { _ = conn.Close() })}, nil // nobody uses it any more
}

// call is a connection that was made to another node. It ends with the stream's
// calls.
type call struct {
	net.Conn
	forget func() bool
}

// Close implements net.Conn.
func (c *call) Close() error {
	c.forget()
	return c.Conn.Close()
}

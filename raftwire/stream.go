package raftwire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/credentials"
)

// stream carries raft's calls to others over TCP, or over TLS. It is raft's own, but
// that it can hang up: raft does not end before the last of its calls has, and one to
// a node that has vanished from the network lasts for as long as a call may. Those
// who call this node come another way (see callers).
type stream struct {
	advertise net.Addr
	dial      dial
	calling   context.Context // ends with the calls
	hangUp    context.CancelFunc
	closed    context.Context // ends with the stream
	close     context.CancelFunc
}

// dial connects to a node. It lasts no longer than its context.
type dial func(ctx context.Context, callee raft.ServerAddress) (net.Conn, error)

// newStream returns a stream to those who are dialled; advertise is the address that
// this node is to be reached at.
func newStream(advertise net.Addr, dial dial) *stream {
	s := &stream{advertise: advertise, dial: dial}
	s.calling, s.hangUp = context.WithCancel(context.Background())
	s.closed, s.close = context.WithCancel(context.Background())
	return s
}

func dialPlain(ctx context.Context, callee raft.ServerAddress) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", string(callee))
}

// dialBy dials by TLS. An address names whom it leads to (see Network.CalleeAt).
func dialBy(live *credentials.Live) dial {
	return func(ctx context.Context, callee raft.ServerAddress) (net.Conn, error) {
		name, address, ok := splitCallee(callee)
		if !ok {
			return nil, errors.New("it is not known who is to answer there")
		}
		return live.Dial(ctx, address, callTimeout, name)
	}
}

// Addr implements net.Listener: it is where the others are to call.
func (s *stream) Addr() net.Addr { return s.advertise }

// Accept implements net.Listener: nobody comes this way.
func (s *stream) Accept() (net.Conn, error) {
	<-s.closed.Done()
	return nil, net.ErrClosed
}

// Close implements net.Listener. It ends the calls, too.
func (s *stream) Close() error {
	s.hangUp()
	s.close()
	return nil
}

// Dial implements raft.StreamLayer.
func (s *stream) Dial(callee raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	dialing, cancel := context.WithTimeout(s.calling, timeout)
	defer cancel()
	conn, err := s.dial(dialing, callee)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", callee, err)
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

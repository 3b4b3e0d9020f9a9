package raftwire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/connlimit"
	"tocsin/pki"
)

// callers are the connections on which other nodes call this one. Raft's transport
// says what was asked, and not on which connection; so each has a transport of its
// own, and what comes out of it is held against the certificate that was shown: a
// node speaks for itself, and for no other one.
type callers struct {
	listener net.Listener
	refused  connlimit.Refused
	hear     func(raft.StreamLayer) *raft.NetworkTransport
	asked    chan raft.RPC // closed by nobody

	hearing context.Context // ends with the callers
	stop    context.CancelFunc
	running sync.WaitGroup
}

// listenTo hears those who come to the listener, with transports that hear makes.
// Whoever is not who it says it is is hung up on, which refused is told.
func listenTo(listener net.Listener, refused connlimit.Refused, hear func(raft.StreamLayer) *raft.NetworkTransport) *callers {
	c := &callers{listener: listener, refused: refused, hear: hear, asked: make(chan raft.RPC)}
	c.hearing, c.stop = context.WithCancel(context.Background())
	c.running.Go(c.take)
	return c
}

// close hangs up on all, and waits until nobody is heard any more.
func (c *callers) close() error {
	c.stop()
	err := c.listener.Close()
	c.running.Wait()
	return err
}

// take accepts connections until there are no more.
func (c *callers) take() {
	for pause := time.Duration(0); ; {
		conn, err := c.listener.Accept()
		if err == nil {
			pause = 0
			c.running.Go(func() { c.listen(conn) })
			continue
		}
		if errors.Is(err, net.ErrClosed) || c.hearing.Err() != nil {
			return
		}
		// Out of files, most likely: that passes. net/http does it the same way.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-c.hearing.Done():
		}
	}
}

// listen hears one connection, until it ends.
func (c *callers) listen(conn net.Conn) {
	name, err := shownBy(c.hearing, conn)
	if err != nil {
		c.refused(conn, err)
		_ = conn.Close() // nothing was said on it
		return
	}
	c.listenAs(name, conn)
}

// listenAs hands on what is asked on a connection of the node of that name, "" if
// that can't be told.
func (c *callers) listenAs(name string, conn net.Conn) {
	one := &caller{Conn: conn, gone: make(chan struct{})}
	through := c.hear(&onlyCaller{caller: one, here: c.listener.Addr(), closed: make(chan struct{})})
	defer func() { _ = through.Close() }() // it closes the connection, and nothing else
	for {
		select {
		case call := <-through.Consumer():
			if err := misnamed(name, call.Command); err != nil {
				c.refused(conn, err)
				return
			}
			select {
			case c.asked <- call:
			case <-one.gone:
				return
			case <-c.hearing.Done():
				return
			}
		case <-one.gone:
			return
		case <-c.hearing.Done():
			return
		}
	}
}

// shownBy returns the name in the certificate of who is on the other side, "" where
// no TLS is spoken: there a name can't be proven.
func shownBy(ctx context.Context, conn net.Conn) (string, error) {
	through, ok := conn.(*tls.Conn)
	if !ok {
		return "", nil
	}
	if err := through.HandshakeContext(ctx); err != nil { // it was made already
		return "", err
	}
	subject, err := pki.SubjectOf(through.ConnectionState().PeerCertificates[0])
	return subject.Name, err
}

// misnamed reports that a message does not come from the node that it says. To a
// caller without a proven name nothing can be said against it.
func misnamed(caller string, command any) error {
	if caller == "" {
		return nil
	}
	message, ok := command.(raft.WithRPCHeader)
	if !ok {
		return fmt.Errorf("node %s sends a %T, which names no sender", caller, command)
	}
	if says := string(message.GetRPCHeader().ID); says != caller {
		return fmt.Errorf("node %s, by its certificate, says in a raft message that it is node %.80q: two nodes have got each other's data or certificate, or the key of %s is in wrong hands", caller, says, caller)
	}
	return nil
}

// caller is one connection, and says when it has ended.
type caller struct {
	net.Conn
	once sync.Once
	gone chan struct{} // closed with the connection
}

// Read implements net.Conn. The end that we made is an end as good as any, and no
// error for raft to complain of.
func (c *caller) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, net.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

// Close implements net.Conn.
func (c *caller) Close() error {
	c.once.Do(func() { close(c.gone) })
	return c.Conn.Close()
}

// onlyCaller is a port to which one comes, and after that one nobody.
type onlyCaller struct {
	caller *caller
	here   net.Addr
	taken  bool // only the one who accepts touches it
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (o *onlyCaller) Accept() (net.Conn, error) {
	if !o.taken {
		o.taken = true
		return o.caller, nil
	}
	<-o.closed // and not when the caller has gone: raft takes an end that it has not made for a fault
	return nil, net.ErrClosed
}

// Addr implements net.Listener.
func (o *onlyCaller) Addr() net.Addr { return o.here }

// Close implements net.Listener.
func (o *onlyCaller) Close() error {
	o.once.Do(func() { close(o.closed) })
	return o.caller.Close()
}

// Dial implements raft.StreamLayer: nobody is called through this port.
func (o *onlyCaller) Dial(raft.ServerAddress, time.Duration) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

package connlimit

import (
	"errors"
	"net"
	"sync"
)

// ErrFull is why one too many is hung up on.
var ErrFull = errors.New("too many connections are open already, in all or from this address")

// Refused is told of whom a listener did not let in, and why. The connection is
// closed when it returns. It must not block.
type Refused func(c net.Conn, why error)

// listener lets in as many as its tally has room for.
type listener struct {
	net.Listener
	tally   *Tally
	refused Refused
}

// Listen takes over inner, and hands on no more connections at once than the
// limits say. A connection counts until it is closed.
func Listen(inner net.Listener, limits Limits, refused Refused) net.Listener {
	return &listener{inner, NewTally(limits), refused}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := Host(c.RemoteAddr())
		if l.tally.Enter(from) {
			return &conn{Conn: c, leave: sync.OnceFunc(func() { l.tally.Leave(from) })}, nil
		}
		l.refused(c, ErrFull)
		_ = c.Close() // it is gone for us either way
	}
}

// conn is a connection that counts.
type conn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite says that nothing more follows, where that can be said: net/http
// does, so that whoever is refused still hears why.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

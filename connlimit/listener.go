package connlimit

import (
	"errors"
	"net"
)

// Refused is told of whom a listener did not let in, or hung up on to make room, and
// why. The connection is closed when it returns. It must not block.
type Refused func(c net.Conn, why error)

// Listener hands on as many connections as its port has places for.
type Listener struct {
	net.Listener
	port    *Port
	refused Refused
}

// Listen takes over inner, and holds no more connections at once than the limits
// say. One counts until it is closed.
func Listen(inner net.Listener, limits Rooms, refused Refused) *Listener {
	return &Listener{inner, NewPort(limits), refused}
}

// Accept implements net.Listener: whoever comes is a stranger.
func (l *Listener) Accept() (net.Conn, error) { return l.AcceptInto(Strangers) }

// AcceptInto accepts the next one that there is a place for in that room.
func (l *Listener) AcceptInto(r Room) (*Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &Conn{Conn: inner, listener: l}
		c.place.HangUp = func() {
			l.refused(c, errDisplaced)
			_ = inner.Close() // it is gone for us either way
		}
		if err = c.enter(r, Source(inner.RemoteAddr().String())); err == nil {
			return c, nil
		}
		l.refused(c, err)
		_ = c.Close()
	}
}

// Conn is a connection that has a place.
type Conn struct {
	net.Conn
	listener *Listener
	place    Place
}

// Prove says whose connection this is, and "" that nothing was proven. Who is in
// neither of the rooms for that yet, and gets no place there, has to be hung up on.
// It may be called more than once, and from any goroutine.
func (c *Conn) Prove(whose string) error {
	if whose == "" {
		return c.enter(Strangers, Source(c.RemoteAddr().String()))
	}
	return c.enter(Proven, whose)
}

func (c *Conn) enter(r Room, as string) error {
	displaced, err := c.listener.port.Enter(&c.place, r, as)
	if displaced != nil {
		displaced.HangUp()
	}
	return err
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	defer c.listener.port.Leave(&c.place)
	return c.Conn.Close()
}

// CloseWrite says that nothing more follows, where that can be said: net/http
// does, so that whoever is refused still hears why.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

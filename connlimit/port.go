package connlimit

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Room is one of those that a port has.
type Room int

// The rooms. Where no TLS is spoken nobody is Coming.
const (
	Coming    Room = iota // at its handshake
	Strangers             // has proven nothing
	Proven                // has proven who it is
	rooms
)

// Rooms are how many may be in each at once.
type Rooms [rooms]Limits

// full is why one too many is hung up on, by the room that it would have come into.
var full = [rooms]error{
	Coming:    errors.New("too many connections are under way at their handshake, in all or from this address"),
	Strangers: errors.New("too many connections are open that have proven nothing, in all or from this address"),
	Proven:    errors.New("too many connections are open that have proven who they are, in all or by this name"),
}

var (
	errDisplaced = errors.New("too many connections are open, most of them from this address or by this name: it has made room for another one")
	errGone      = fmt.Errorf("it has left: %w", net.ErrClosed)
)

// Place is that of one connection on a port. The zero value is outside.
type Place struct {
	// HangUp ends the connection. The port never calls it: whoever has been given
	// the place does.
	HangUp func()

	in    *room  // guarded by the port's mu, as all below; nil outside
	as    string // what it counts as there
	since uint64 // orders those inside by when they came
	gone  bool   // for good
}

// Port decides who may be in which room. Its methods may be called from any
// goroutine, and call nobody.
type Port struct {
	mu    sync.Mutex
	rooms [rooms]room // guarded by mu
	moves uint64      // guarded by mu
}

// NewPort returns one on which nobody is.
func NewPort(limits Rooms) *Port {
	p := &Port{}
	for i := range p.rooms {
		p.rooms[i] = room{limits: limits[i], inside: make(map[string][]*Place)}
	}
	return p
}

// Enter brings c into a room, out of the one that it is in, and counts it as that
// there. Whose place it has got, if none was free, is returned, and gone: the caller
// hangs up on it. With an error c is where it was. Who is in that room already stays
// what it counts as.
func (p *Port) Enter(c *Place, to Room, as string) (displaced *Place, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	into := &p.rooms[to]
	switch {
	case c.gone:
		return nil, errGone
	case c.in == into:
		return nil, nil
	}
	displaced, ok := into.placeFor(as)
	if !ok {
		return nil, full[to]
	}
	if displaced != nil {
		displaced.goLocked()
	}
	if c.in != nil {
		c.in.leave(c)
	}
	p.moves++
	c.as, c.since = as, p.moves
	into.enter(c)
	return displaced, nil
}

// Leave lets c go for good. It may be called more than once.
func (p *Port) Leave(c *Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.goLocked()
}

func (c *Place) goLocked() {
	c.gone = true
	if c.in != nil {
		c.in.leave(c)
	}
}

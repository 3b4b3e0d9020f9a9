package simnet

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Gossip is a host's end of memberlist's packets and streams. It implements
// memberlist.Transport.
type Gossip struct {
	network *Network
	host    string
	port    int
	packets chan *memberlist.Packet
	streams chan net.Conn
	closed  chan struct{}
	close   sync.Once

	mu   sync.Mutex
	open []stream
}

type stream struct {
	to   string // the host at the other end
	conn net.Conn
}

var errTimeout = errors.New("i/o timeout")

// Gossip opens a host's end. A host that comes back opens a new one under the
// same port, so that the others find it where it was.
func (n *Network) Gossip(host string, port int) *Gossip {
	g := &Gossip{
		network: n, host: host, port: port,
		packets: make(chan *memberlist.Packet, 1024),
		streams: make(chan net.Conn),
		closed:  make(chan struct{}),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gossips[g.Address()] = g
	return g
}

// Address is where the others reach this end.
func (g *Gossip) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(g.port)) }

// FinalAdvertiseAddr implements memberlist.Transport.
func (g *Gossip) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return net.IPv4(127, 0, 0, 1).To4(), g.port, nil
}

// WriteTo implements memberlist.Transport. It never waits.
func (g *Gossip) WriteTo(packet []byte, address string) (time.Time, error) {
	now := time.Now()
	to := g.network.gossipAt(address)
	if to == nil || g.isClosed() {
		return now, nil // as with UDP: nobody says so
	}
	f := g.network.draw(OfGossip, g.host, to.host)
	if f.lost {
		return now, nil
	}
	deliver := func() { to.receive(slices.Clone(packet), g.Address()) }
	packet = slices.Clone(packet) // memberlist uses it again
	time.AfterFunc(f.after, deliver)
	if f.twice {
		time.AfterFunc(2*f.after, deliver)
	}
	return now, nil
}

func (g *Gossip) receive(packet []byte, from string) {
	select {
	case <-g.closed:
	case g.packets <- &memberlist.Packet{Buf: packet, From: address(from), Timestamp: time.Now()}:
	default: // full: dropped, as a socket's buffer would
	}
}

// PacketCh implements memberlist.Transport.
func (g *Gossip) PacketCh() <-chan *memberlist.Packet { return g.packets }

// StreamCh implements memberlist.Transport.
func (g *Gossip) StreamCh() <-chan net.Conn { return g.streams }

// DialTimeout implements memberlist.Transport.
func (g *Gossip) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	if g.isClosed() {
		return nil, errClosed
	}
	to := g.network.gossipAt(address)
	if to == nil {
		return nil, fmt.Errorf("dial %s: connection refused", address)
	}
	if !g.network.Travel(OfGossip, g.host, to.host) || !g.network.Travel(OfGossip, to.host, g.host) {
		time.Sleep(timeout)
		return nil, fmt.Errorf("dial %s: %w", address, errTimeout)
	}
	here, there := net.Pipe()
	select {
	case to.streams <- there:
	case <-to.closed:
		return nil, errors.Join(fmt.Errorf("dial %s: connection refused", address), here.Close(), there.Close())
	case <-time.After(timeout):
		return nil, errors.Join(fmt.Errorf("dial %s: %w", address, errTimeout), here.Close(), there.Close())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = append(g.open, stream{to.host, here})
	return here, nil
}

func (g *Gossip) isClosed() bool {
	select {
	case <-g.closed:
		return true
	default:
		return false
	}
}

// Shutdown implements memberlist.Transport. Nothing comes in or goes out after
// it.
func (g *Gossip) Shutdown() error {
	g.close.Do(func() {
		close(g.closed)
		g.network.forget(g)
		g.closeStreams(func(string) bool { return true })
	})
	return nil
}

// closeStreams closes the streams to the hosts that match, and forgets those
// that have long been closed by their users with them.
func (g *Gossip) closeStreams(match func(host string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = slices.DeleteFunc(g.open, func(s stream) bool {
		if match(s.to) {
			_ = s.conn.Close() // a pipe's Close can't fail
			return true
		}
		return false
	})
}

func (n *Network) gossipAt(address string) *Gossip {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.gossips[address]
}

func (n *Network) forget(g *Gossip) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.gossips[g.Address()] == g {
		delete(n.gossips, g.Address())
	}
}

// cutStreams ends what is open between two hosts, whoever opened it.
func (n *Network) cutStreams(a, b string) {
	n.mu.Lock()
	ends := make([]*Gossip, 0, len(n.gossips))
	for _, g := range n.gossips {
		ends = append(ends, g)
	}
	n.mu.Unlock()
	for _, g := range ends {
		switch g.host {
		case a:
			g.closeStreams(func(host string) bool { return host == b })
		case b:
			g.closeStreams(func(host string) bool { return host == a })
		}
	}
}

type address string

func (address) Network() string  { return "simnet" }
func (a address) String() string { return string(a) }

package gossipdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"

	"tocsin/gossipdb"
	"tocsin/health"
)

// network is a network in memory: packets take a millisecond, are buffered,
// and dropped when the buffer is full; cut says between whom nothing passes.
type network struct {
	mu    sync.Mutex
	hosts map[string]*host
	cut   func(a, b string) bool
	loss  float64
}

type host struct {
	network *network
	name    string
	port    int
	packets chan *memberlist.Packet // never closed; 256: some bursts fit, floods don't
	streams chan net.Conn           // never closed
	down    chan struct{}           // closed by Shutdown
	once    sync.Once
}

func newNetwork() *network { return &network{hosts: make(map[string]*host)} }

func (n *network) host(name string) *host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &host{
		network: n, name: name, port: 7000 + len(n.hosts),
		packets: make(chan *memberlist.Packet, 256), streams: make(chan net.Conn), down: make(chan struct{}),
	}
	n.hosts[h.addr()] = h
	return h
}

func (n *network) setCut(cut func(a, b string) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
}

func (n *network) setLoss(loss float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loss = loss
}

// loses reports whether the next packet is lost.
func (n *network) loses() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return rand.Float64() < n.loss
}

// reach returns the host at addr, nil if nothing gets there from h.
func (n *network) reach(h *host, addr string) *host {
	n.mu.Lock()
	defer n.mu.Unlock()
	to := n.hosts[addr]
	if to == nil || n.cut != nil && n.cut(h.name, to.name) {
		return nil
	}
	return to
}

func (h *host) addr() string { return fmt.Sprintf("127.0.0.1:%d", h.port) }

func (h *host) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return net.IPv4(127, 0, 0, 1).To4(), h.port, nil
}

func (h *host) WriteTo(b []byte, addr string) (time.Time, error) {
	now, to := time.Now(), h.network.reach(h, addr)
	if to == nil || h.network.loses() {
		return now, nil
	}
	p := &memberlist.Packet{Buf: append([]byte(nil), b...), From: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: h.port}}
	time.AfterFunc(time.Millisecond, func() {
		p.Timestamp = time.Now()
		select {
		case to.packets <- p:
		default:
		}
	})
	return now, nil
}

func (h *host) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	expired := time.After(timeout)
	to := h.network.reach(h, addr)
	if to == nil {
		select {
		case <-expired:
		case <-h.down:
		}
		return nil, errors.New("nobody answers")
	}
	near, far := net.Pipe()
	select {
	case to.streams <- stream{far, h}:
		return near, nil
	case <-to.down:
	case <-h.down:
	case <-expired:
	}
	return nil, errors.New("connection refused")
}

// stream is the end of the one who is called. It comes from a host of its caller's
// own: those that come from one are bounded.
type stream struct {
	net.Conn
	from *host
}

func (s stream) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(s.from.port-7000)), Port: s.from.port}
}

func (h *host) PacketCh() <-chan *memberlist.Packet { return h.packets }
func (h *host) StreamCh() <-chan net.Conn           { return h.streams }

func (h *host) Shutdown() error {
	h.once.Do(func() { close(h.down) })
	return nil
}

// cluster is some nodes that gossip over one network, inside a bubble.
type cluster struct {
	t       *testing.T
	network *network
	nodes   []*member
}

type member struct {
	*gossipdb.Gossip
	db   *gossipdb.DB
	host *host
	stop func()
}

const refresh = 2 * time.Second

// inBubble runs f with a cluster of n nodes, all joined and open at epoch 1,
// and stops it. A goroutine that is left over fails the test.
func inBubble(t *testing.T, n int, adjust func(*gossipdb.GossipConfig), f func(c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, network: newNetwork()}
		for i := range n {
			c.start(fmt.Sprintf("n%d", i), adjust)
		}
		for _, m := range c.nodes {
			m.db.Open(1)
			m.db.Cast(1, nil)
		}
		time.Sleep(20 * time.Second)
		for _, m := range c.nodes {
			if got := len(m.Members()); got != n {
				t.Fatalf("%s sees %d members, want %d", m.host.name, got, n)
			}
		}
		f(c)
		for _, m := range c.nodes {
			m.stop()
		}
		// The library doesn't wait for its probes and connections. They have
		// deadlines, and must be gone well before this is over.
		time.Sleep(30 * time.Second)
	})
}

// start has one more node begin, and join the first.
func (c *cluster) start(name string, adjust func(*gossipdb.GossipConfig)) *member {
	c.t.Helper()
	m := c.startAlone(name, adjust)
	if len(c.nodes) > 1 {
		if _, err := m.Join([]string{c.nodes[0].Address()}); err != nil {
			c.t.Fatal(err)
		}
	}
	return m
}

// startAlone has one more node begin, that joins when it looks for its peers.
func (c *cluster) startAlone(name string, adjust func(*gossipdb.GossipConfig)) *member {
	c.t.Helper()
	h := c.network.host(name)
	db := gossipdb.New(name)
	config := gossipdb.GossipConfig{
		Node: name, Transport: h, Meta: []byte("meta of " + name),
		RefreshInterval: func() time.Duration { return refresh },
		Peers:           c.addresses,
	}
	if adjust != nil {
		adjust(&config)
	}
	g, err := gossipdb.StartGossip(config, db)
	if err != nil {
		c.t.Fatal(err)
	}
	m := &member{Gossip: g, db: db, host: h}
	ctx, cancel := context.WithCancel(c.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			c.t.Errorf("Run of %s: %v", name, err)
		}
	})
	m.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := g.Shutdown(); err != nil {
			c.t.Errorf("Shutdown of %s: %v", name, err)
		}
	})
	c.nodes = append(c.nodes, m)
	return m
}

func (c *cluster) addresses() []string {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	var all []string
	for addr := range c.network.hosts {
		all = append(all, addr)
	}
	return all
}

// await waits until every node of those given holds that node says verdict
// about slot, and returns how long it took.
func (c *cluster) await(nodes []*member, node string, slot uint32, verdict health.Status, most time.Duration) time.Duration {
	c.t.Helper()
	start := time.Now()
	for _, m := range nodes {
		changes := m.db.Subscribe()
		defer changes.Close()
		for {
			if h, ok := m.db.Table().Get(node, gossipdb.PageOf(slot)); ok && h.Ballot.Verdict(slot) == verdict {
				break
			}
			select {
			case <-changes.Ready():
				changes.Take()
			case <-time.After(most - time.Since(start)):
				c.t.Fatalf("after %v %s does not hold that %s says %v about slot %d", most, m.host.name, node, verdict, slot)
			}
		}
	}
	return time.Since(start)
}

package clustertest

import (
	"net"
	"strconv"
)

// The ports of a node that has never moved.
const (
	httpPort   = 6000
	raftPort   = 7000
	gossipPort = 8000
)

// address returns where the node listens at present, or will when it is started.
func (m *member) address(port int) string {
	if port == raftPort && m.raftAt != "" {
		return m.raftAt
	}
	return net.JoinHostPort(m.name, strconv.Itoa(port+m.moves))
}

// Move gives a node that is down other addresses: nobody listens at the old ones
// when it is started again. Those that are started later are told the new ones.
func (c *Cluster) Move(name string) {
	c.t.Helper()
	m := c.downMember(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	m.moves++
	m.raftAt = ""
}

// DealRaftAddresses gives each of some nodes that are down the raft address that
// the next one has, and the last one that of the first.
func (c *Cluster) DealRaftAddresses(names ...string) {
	c.t.Helper()
	dealt := make([]string, len(names))
	for i := range names {
		dealt[i] = c.downMember(names[(i+1)%len(names)]).address(raftPort)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, name := range names {
		c.member(name).raftAt = dealt[i]
	}
}

// TakeRaftAddress gives a node that is down the raft address of another one that
// is down, which has to get another one before it is started again.
func (c *Cluster) TakeRaftAddress(name, of string) {
	c.t.Helper()
	address := c.downMember(of).address(raftPort)
	m := c.downMember(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	m.raftAt = address
}

func (c *Cluster) downMember(name string) *member {
	c.t.Helper()
	m := c.member(name)
	if m.node != nil {
		c.t.Fatalf("%s is up", name)
	}
	return m
}

package clustertest

import (
	"context"
	"fmt"
	"net"
	"time"

	"tocsin/fsm"
	"tocsin/node"
	"tocsin/notify"
)

// Crash ends a node as a power failure would: what was not on its disks is
// gone, and nobody hears of it any more. What is left of the process ends in
// the background.
func (c *Cluster) Crash(name string) {
	c.t.Helper()
	m := c.member(name)
	abandoned := c.detach(m)
	if abandoned == nil {
		c.t.Fatalf("%s is down already", name)
	}
	remains, err := m.disk.crash()
	if err != nil {
		c.t.Fatalf("copy the disk of %s: %v", name, err)
	}
	m.disk = remains
	m.die()
	_ = m.raft.Close()                                              // a simnet transport's Close can't fail
	_ = m.gossip.Shutdown()                                         // likewise
	c.dying.Go(func() { _ = abandoned.Stop(context.Background()) }) // it is dead: what it says of that is nobody's concern
}

// Stop ends a node in order, as SIGTERM would, and waits until it has ended.
func (c *Cluster) Stop(name string) {
	c.t.Helper()
	c.BeginStop(name)
	<-c.member(name).ended
}

// BeginStop is Stop without the wait.
func (c *Cluster) BeginStop(name string) {
	c.t.Helper()
	m := c.member(name)
	stopped := c.detach(m)
	if stopped == nil {
		c.t.Fatalf("%s is down already", name)
	}
	ended := make(chan struct{})
	m.ended = ended
	c.dying.Go(func() {
		defer close(ended)
		defer m.die()
		if err := stopped.Stop(context.Background()); err != nil {
			c.t.Errorf("stop %s: %v", name, err)
		}
	})
}

// Restart brings up a node that is down, on what its disks hold. One that is
// being stopped has to have ended first.
func (c *Cluster) Restart(name string) {
	c.t.Helper()
	if err := c.TryRestart(name); err != nil {
		c.t.Fatal(err)
	}
}

// TryRestart is Restart, and returns why the node does not start.
func (c *Cluster) TryRestart(name string) error {
	c.t.Helper()
	m := c.member(name)
	if m.node != nil {
		c.t.Fatalf("%s is up", name)
	}
	return c.start(m)
}

// Wipe makes a node that is down lose its disks.
func (c *Cluster) Wipe(name string) {
	c.t.Helper()
	m := c.member(name)
	m.awaitEnd()
	m.disk = newDisk(name)
}

// Ledger returns what the disk of a node says of its notifications.
func (c *Cluster) Ledger(name string) notify.Record {
	c.t.Helper()
	record, err := c.member(name).disk.ledger.Load()
	if err != nil {
		c.t.Fatalf("load the ledger of %s: %v", name, err)
	}
	return record
}

func (m *member) awaitEnd() {
	if m.ended != nil {
		<-m.ended
	}
}

func (c *Cluster) detach(m *member) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := m.node
	m.node = nil
	return n
}

func (c *Cluster) start(m *member) error {
	m.awaitEnd()
	m.raft = c.Net.Raft(m.name, raftAddress(m.name))
	m.gossip = c.Net.Gossip(m.name, 8000+m.number)
	life, die := context.WithCancel(context.Background())
	m.die = die
	m.lives++
	disk := m.disk
	present := Life{Node: m.name, Number: m.lives, Over: life, Entry: disk.raft.entry}
	outside := node.Outside{
		Gossip:   m.gossip,
		Peers:    peers{c, m.name, life},
		Ledger:   disk.ledger,
		Checker:  c.World,
		Runner:   c.Scripts,
		Scripts:  anyScript{},
		Identity: disk.start(),
		Remember: disk.remember,
		Clock:    m.clock.read,
		Close:    m.raft.Close,
	}
	outside.Raft.Transport = m.raft
	outside.Raft.Log, outside.Raft.Stable, outside.Raft.Snapshots = disk.raft, disk.raft, disk.snapshots
	if c.options.Outside != nil {
		c.options.Outside(present, &outside)
	}
	outside.Runner = mortal{outside.Runner, life}
	n, err := node.Start(c.config(m), outside)
	if err != nil {
		return fmt.Errorf("start %s: %w", m.name, err)
	}
	if c.options.Started != nil {
		c.options.Started(present, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.node = n
	return nil
}

func (c *Cluster) config(m *member) node.Config {
	settings := fsm.DefaultClusterSettings()
	settings.Interval = fsm.Duration(time.Second)
	settings.RetryInterval = fsm.Duration(500 * time.Millisecond)
	settings.Cooldown = 0
	settings.BallotRefresh = fsm.Duration(time.Second)
	settings.NotifyTimeout = fsm.Duration(10 * time.Second)
	if c.options.Settings != nil {
		c.options.Settings(&settings)
	}
	cfg := node.Config{
		Name: m.name, DataDir: "in memory",
		HTTP: httpAddress(m.name), Raft: raftAddress(m.name), Gossip: m.gossip.Address(),
		Bootstrap: m.number == 1,
		Settings:  settings,
		Logger:    c.options.Logger,
	}
	for _, other := range c.members {
		if other != m {
			cfg.Join = append(cfg.Join, httpAddress(other.name))
		}
	}
	if c.options.Config != nil {
		c.options.Config(&cfg)
	}
	return cfg
}

func raftAddress(name string) string { return net.JoinHostPort(name, "7000") }

func httpAddress(name string) string { return net.JoinHostPort(name, "6000") }

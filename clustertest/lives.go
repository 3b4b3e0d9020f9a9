package clustertest

import (
	"context"
	"fmt"
	"time"

	"tocsin/clustertest/simdisk"
	"tocsin/fsm"
	"tocsin/node"
)

// Crash ends the process of a node at once, as SIGKILL would: what it wrote is
// there, and nobody hears of it any more. What is left of the process ends in
// the background.
func (c *Cluster) Crash(name string) {
	c.t.Helper()
	c.cutShort(name, (*simdisk.Disk).Kill)
}

// PowerLoss ends nodes as a power failure would, all at the same instant: what
// was not synced to their disks is gone.
func (c *Cluster) PowerLoss(names ...string) {
	c.t.Helper()
	for _, name := range names {
		c.cutShort(name, (*simdisk.Disk).PowerLoss)
	}
}

func (c *Cluster) cutShort(name string, how func(*simdisk.Disk) *simdisk.Disk) {
	c.t.Helper()
	m := c.member(name)
	abandoned := c.detach(m)
	if abandoned == nil {
		c.t.Fatalf("%s is down already", name)
	}
	c.end(m, how)
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
		err := stopped.Stop(context.Background())
		if err != nil && c.diskOf(m).Suffered() == m.unharmed && stopped.Err() == nil {
			c.t.Errorf("stop %s: %v", name, err)
		}
		c.end(m, (*simdisk.Disk).Kill) // a write that hangs ends with its process
	})
}

// Restart brings up a node that is down, on what its disks hold. One that is
// being stopped has to have ended first.
func (c *Cluster) Restart(name string) {
	c.t.Helper()
	c.member(name).awaitEnd()
	if err := c.TryRestart(name); err != nil {
		c.t.Fatal(err)
	}
}

// TryRestart is Restart for a node that may not come up: because its disk does
// not let it, or because its last process has not come to its end.
func (c *Cluster) TryRestart(name string) error {
	c.t.Helper()
	m := c.member(name)
	if m.node != nil {
		c.t.Fatalf("%s is up", name)
	}
	if m.ended != nil {
		select {
		case <-m.ended:
		default:
			return fmt.Errorf("start %s: its last process has not ended yet", name)
		}
	}
	return c.start(m)
}

// Ended reports whether a node that was told to stop has come to its end.
func (c *Cluster) Ended(name string) bool {
	c.t.Helper()
	m := c.member(name)
	if m.ended == nil {
		return true
	}
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
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
	disk := c.diskOf(m)
	identity, err := disk.Start()
	if err != nil {
		return fmt.Errorf("start %s: note in the data directory that it was started: %w", m.name, err)
	}
	m.unharmed = disk.Suffered()
	m.raft = c.Net.Raft(m.name, m.address(raftPort))
	m.gossip = c.Net.Gossip(m.name, gossipPort+100*m.moves+m.number)
	life, die := context.WithCancel(context.Background())
	m.die = die
	m.lives++
	present := Life{Node: m.name, Number: m.lives, Over: life, Entry: disk.Raft().Entry}
	outside := node.Outside{
		Gossip:   m.gossip,
		Peers:    peers{c, m.name, life},
		Ledger:   disk.Ledger(),
		Checker:  c.World,
		Runner:   c.Scripts,
		Scripts:  anyScript{},
		Identity: identity,
		Remember: disk.Remember,
		Clock:    m.clock.read,
		Close:    m.raft.Close,
	}
	outside.Raft.Transport = m.raft
	outside.Raft.Log, outside.Raft.Stable, outside.Raft.Snapshots = disk.Raft(), disk.Raft(), disk.Snapshots()
	if c.options.Outside != nil {
		c.options.Outside(present, &outside)
	}
	outside.Runner = mortal{outside.Runner, life}
	n, err := node.Start(c.config(m), outside)
	if err != nil {
		die()
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
		Name: m.as, DataDir: "in memory",
		HTTP: m.address(httpPort), Raft: m.address(raftPort), Gossip: m.gossip.Address(),
		Insecure:  true, // its network is memory
		Bootstrap: m.number == 1,
		Settings:  settings,
		Logger:    c.options.Logger,
	}
	for _, other := range c.members {
		if other != m {
			cfg.Join = append(cfg.Join, other.address(httpPort))
		}
	}
	if c.options.Config != nil {
		c.options.Config(&cfg)
	}
	return cfg
}

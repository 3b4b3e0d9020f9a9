package clustertest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/clustertest/simnet"
	"tocsin/fsm"
	"tocsin/node"
	"tocsin/notify"
	"tocsin/script"
)

// Cluster is a cluster under test. Its methods are for the goroutine of the
// test; Net, World and Scripts may be used from any.
type Cluster struct {
	t testing.TB

	// Net is what connects the nodes, by their names.
	Net *simnet.Network
	// World is what is up and down.
	World *World
	// Scripts remembers every notification.
	Scripts *Scripts

	options Options
	members []*member // in order of their names; never shrinks

	mu sync.Mutex // guards member.node, which peers read

	abandoned sync.WaitGroup // processes that have crashed and not yet noticed
}

// member is one node over all its lives.
type member struct {
	name   string
	number int
	disk   *disk
	raft   *simnet.Raft
	gossip *simnet.Gossip
	clock  *clock
	node   *node.Node // nil while it is down
	die    func()     // ends the scripts of its present life at once
}

// Options changes what New makes. The zero Options is what New uses.
type Options struct {
	Seed uint64
	// Settings changes the settings that the cluster is founded with.
	Settings func(*fsm.ClusterSettings)
	// Config changes the configuration of one node.
	Config func(*node.Config)
	// Logger gets the logs of all nodes; nil discards them.
	Logger *slog.Logger
}

// New brings up a cluster of n nodes, called n1, n2 and so on, waits until all
// have joined, and stops it when the test ends.
func New(t testing.TB, n int, options ...Options) *Cluster {
	t.Helper()
	c := &Cluster{t: t, World: newWorld(), Scripts: newScripts()}
	if len(options) > 0 {
		c.options = options[0]
	}
	c.Net = simnet.New(c.options.Seed)
	t.Cleanup(c.stop)
	for range n {
		c.Add()
	}
	c.Await("all nodes are ready", func() bool {
		return len(c.voters()) == min(n, c.settings().MaxVoters) && c.allReady()
	})
	return c
}

// Add brings up one more node, which joins, and returns its name.
func (c *Cluster) Add() string {
	c.t.Helper()
	number := len(c.members) + 1
	m := &member{name: fmt.Sprintf("n%d", number), number: number, clock: &clock{}}
	m.disk = newDisk(m.name)
	c.members = append(c.members, m)
	c.start(m)
	return m.name
}

// Names returns the names of all nodes, those that are down included.
func (c *Cluster) Names() []string {
	names := make([]string, len(c.members))
	for i, m := range c.members {
		names[i] = m.name
	}
	return names
}

// Up returns the names of the nodes that are not down.
func (c *Cluster) Up() []string {
	var names []string
	for _, m := range c.members {
		if m.node != nil {
			names = append(names, m.name)
		}
	}
	return names
}

// Others returns the names of all nodes but some.
func (c *Cluster) Others(but ...string) []string {
	return slices.DeleteFunc(c.Names(), func(name string) bool { return slices.Contains(but, name) })
}

// Node returns a node that is not down.
func (c *Cluster) Node(name string) *node.Node {
	c.t.Helper()
	if n := c.running(name); n != nil {
		return n
	}
	c.t.Fatalf("%s is down", name)
	return nil
}

func (c *Cluster) running(name string) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

func (c *Cluster) member(name string) *member {
	c.t.Helper()
	for _, m := range c.members {
		if m.name == name {
			return m
		}
	}
	c.t.Fatalf("there is no node %s", name)
	return nil
}

// Leader waits until a majority of the nodes that are up agree who leads, and
// returns its name.
func (c *Cluster) Leader() string {
	c.t.Helper()
	var leader string
	c.Await("there is a leader", func() bool {
		says := map[string]int{}
		for _, name := range c.Up() {
			if l, ok := c.Node(name).Leader(); ok {
				says[l.Node]++
			}
		}
		for name, n := range says {
			if n > len(c.members)/2 && c.running(name) != nil {
				leader = name
				return true
			}
		}
		return false
	})
	return leader
}

// Partition cuts the network into groups that can't reach each other. A node
// in no group is cut off from all.
func (c *Cluster) Partition(groups ...[]string) {
	group := map[string]int{}
	for i, g := range groups {
		for _, name := range g {
			group[name] = i + 1
		}
	}
	for _, a := range c.Names() {
		for _, b := range c.Names() {
			if a != b && (group[a] != group[b] || group[a] == 0) {
				c.Net.Set(a, b, simnet.Link{Cut: true})
			} else {
				c.Net.Set(a, b, simnet.Link{})
			}
		}
	}
}

// Heal makes the network whole again.
func (c *Cluster) Heal() { c.Net.Heal() }

// Crash ends a node as a power failure would: what was not on its disks is
// gone, and nobody hears of it any more.
func (c *Cluster) Crash(name string) {
	c.t.Helper()
	m := c.member(name)
	abandoned := c.detach(m)
	if abandoned == nil {
		c.t.Fatalf("%s is down already", name)
	}
	m.die()                 // from here on it reaches nobody
	_ = m.raft.Close()      // a simnet transport's Close can't fail
	_ = m.gossip.Shutdown() // likewise
	remains, err := m.disk.crash()
	if err != nil {
		c.t.Fatalf("copy the disk of %s: %v", name, err)
	}
	m.disk = remains
	c.abandoned.Go(func() {
		// It is dead: what it says of its end is nobody's concern.
		_ = abandoned.Stop(context.Background())
	})
}

// Stop ends a node in order, as SIGTERM would.
func (c *Cluster) Stop(name string) {
	c.t.Helper()
	m := c.member(name)
	stopped := c.detach(m)
	if stopped == nil {
		c.t.Fatalf("%s is down already", name)
	}
	if err := stopped.Stop(c.t.Context()); err != nil {
		c.t.Errorf("stop %s: %v", name, err)
	}
}

// Restart brings up a node that is down, on what its disks hold.
func (c *Cluster) Restart(name string) {
	c.t.Helper()
	m := c.member(name)
	if m.node != nil {
		c.t.Fatalf("%s is up", name)
	}
	c.start(m)
}

// Wipe makes a node that is down lose its disks.
func (c *Cluster) Wipe(name string) {
	c.t.Helper()
	m := c.member(name)
	m.disk = newDisk(name)
}

func (c *Cluster) detach(m *member) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := m.node
	m.node = nil
	return n
}

func (c *Cluster) start(m *member) {
	c.t.Helper()
	m.raft = c.Net.Raft(m.name, raftAddress(m.name))
	m.gossip = c.Net.Gossip(m.name, 8000+m.number)
	life, die := context.WithCancel(context.Background())
	m.die = die
	disk := m.disk
	outside := node.Outside{
		Gossip:  m.gossip,
		Peers:   peers{c, m.name, life},
		Ledger:  disk.ledger,
		Checker: c.World, Runner: mortal{c.Scripts, life},
		Scripts:  anyScript{},
		Identity: disk.start(),
		Remember: disk.remember,
		Clock:    m.clock.read,
		Close:    m.raft.Close,
	}
	outside.Raft.Transport = m.raft
	outside.Raft.Log, outside.Raft.Stable, outside.Raft.Snapshots = disk.raft, disk.raft, disk.snapshots
	n, err := node.Start(c.config(m), outside)
	if err != nil {
		c.t.Fatalf("start %s: %v", m.name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.node = n
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

// stop ends what is still up, all at once.
func (c *Cluster) stop() {
	var stopping sync.WaitGroup
	for _, m := range c.members {
		if n := c.detach(m); n != nil {
			stopping.Go(func() { _ = n.Stop(context.Background()) })
		}
	}
	stopping.Wait()
	c.abandoned.Wait()
	// Goroutines of the libraries look whether they should end only when their
	// timers fire. The bubble waits for every one of them.
	time.Sleep(time.Minute)
}

// mortal runs scripts that end with the life of their node.
type mortal struct {
	scripts *Scripts
	life    context.Context
}

// Run implements notify.Runner.
func (m mortal) Run(ctx context.Context, job notify.Job) script.Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.life, cancel)()
	return m.scripts.Run(ctx, job)
}

// anyScript finds every script.
type anyScript struct{}

func (anyScript) Resolve(name string) (string, error) { return name, nil }

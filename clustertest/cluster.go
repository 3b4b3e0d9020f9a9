package clustertest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/clustertest/simdisk"
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
	dying   sync.WaitGroup // processes that were ended and have not yet come to their end

	mu      sync.Mutex // guards what follows, and the node and the disk of a member
	members []*member  // in order of their names; never shrinks
}

// member is one node over all its lives.
type member struct {
	name   string
	as     string // the node it says it is; its name unless it is a clone
	number int
	moves  int           // how often it has got other addresses
	raftAt string        // its raft address if it was another node's, else ""
	disk   *simdisk.Disk // as its present process has it open, or the next one will
	backup *simdisk.Disk // nil if none was made
	raft   *simnet.Raft
	gossip *simnet.Gossip
	clock  *clock
	node   *node.Node // nil while it is down
	lives  int
	// unharmed is how many writes the faults of the disk had touched when the
	// present life began.
	unharmed int
	die      func()        // ends the scripts of its present life at once
	ended    chan struct{} // closed when its last process, ended in order, is no more
}

// Life is one process of a node, from its start to its end.
type Life struct {
	Node   string
	Number int // from 1
	// Over ends when the process is stopped or crashes.
	Over context.Context
	// Entry returns an entry of the raft log on this process's disk.
	Entry func(index uint64) (*raft.Log, bool)
}

// Options changes what New makes. The zero Options is what New uses.
type Options struct {
	Seed uint64
	// Settings changes the settings that the cluster is founded with.
	Settings func(*fsm.ClusterSettings)
	// Config changes the configuration of one node.
	Config func(*node.Config)
	// Outside changes what one process of a node touches.
	Outside func(Life, *node.Outside)
	// Started is told of each process that was started.
	Started func(Life, *node.Node)
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
	name := fmt.Sprintf("n%d", number)
	m := c.append(member{name: name, as: name, number: number}, nil)
	if err := c.start(m); err != nil {
		c.t.Fatal(err)
	}
	return m.name
}

// Clone copies the disk of a node that is down, as somebody does who sets up the
// next machine in a hurry. It returns the name of that machine: Restart starts
// the node's double there.
func (c *Cluster) Clone(name string) string {
	c.t.Helper()
	m := c.member(name)
	m.awaitEnd()
	number := len(c.members) + 1
	return c.append(member{name: fmt.Sprintf("n%d", number), as: m.as, number: number}, c.diskOf(m).Copy()).name
}

// append adds a member that is down. A nil disk is a new one.
func (c *Cluster) append(m member, disk *simdisk.Disk) *member {
	m.clock, m.die, m.disk = &clock{}, func() {}, disk
	if disk == nil {
		m.disk = c.newDisk(&m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, &m)
	return &m
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
	if n, up := c.Running(name); up {
		return n
	}
	c.t.Fatalf("%s is down", name)
	return nil
}

// Running returns a node, if it is not down. It may be called from any
// goroutine.
func (c *Cluster) Running(name string) (n *node.Node, up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.name == name {
			return m.node, m.node != nil
		}
	}
	return nil, false
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
			if _, up := c.Running(name); up && n > len(c.members)/2 {
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

// stop ends what is still up, all at once.
func (c *Cluster) stop() {
	var stopping sync.WaitGroup
	for _, m := range c.members {
		if n := c.detach(m); n != nil {
			stopping.Go(func() { _ = n.Stop(context.Background()) })
		}
	}
	stopping.Wait()
	for _, m := range c.members {
		c.end(m, (*simdisk.Disk).Kill) // what hangs ends too
	}
	c.dying.Wait()
	for _, m := range c.members {
		m.die() // watchers of a life end with it
	}
	// Goroutines of the libraries look whether they should end only when their
	// timers fire. The bubble waits for every one of them.
	time.Sleep(time.Minute)
}

// mortal runs scripts that end with the life of their node.
type mortal struct {
	scripts notify.Runner
	life    context.Context
}

// Run implements notify.Runner.
func (m mortal) Run(ctx context.Context, job notify.Job) script.Result {
	if m.life.Err() != nil {
		return script.Result{ExitCode: -1, Interrupted: true} // the dead start nothing
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.life, cancel)()
	return m.scripts.Run(ctx, job)
}

// anyScript finds every script.
type anyScript struct{}

func (anyScript) Resolve(name string) (string, error) { return name, nil }

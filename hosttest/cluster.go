//go:build linux

package hosttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/clustertest/check"
	"tocsin/hosttest/lan"
)

// Config says what cluster to make.
type Config struct {
	// Binary is the tocsin to run.
	Binary string
	// Dir takes all files. It has to be there, and to be an absolute path.
	Dir   string
	Nodes int
	// Small are numbers of nodes, from 1, whose data lie on a small disk.
	Small []int
	// Flags are added to those of every agent.
	Flags []string
	// Endpoints gives the world its endpoints, and has them set.
	Endpoints bool
	Seed      uint64
}

// smallDisk is the size of a small disk in bytes. It holds a raft store of some
// ten thousand entries.
const smallDisk = 64 << 20

// Ports of every node, and what the hosts are numbered.
const (
	httpPort   = 6000
	raftPort   = 7000
	gossipPort = 8000
	worldHost  = 100
)

// quick are settings by which much happens in a short time.
var quick = []string{
	"--interval", "500ms", "--retry-interval", "200ms", "--timeout", "1s", "--fall", "2", "--rise", "2",
	"--cooldown", "1s", "--ballot-refresh", "1s", "--notify-timeout", "30s", "--notify-attempts", "4", "--log-format", "json",
}

// sites are where the nodes stand, in turn.
var sites = []string{"a", "a", "b", "b", "c"}

// Cluster is some nodes on hosts of their own, and a host with what they watch.
// Its methods are for one goroutine, but for what says otherwise.
type Cluster struct {
	cfg    Config
	net    *lan.Net
	nodes  []*node
	world  *world
	record *recorder

	rules    rules
	watching sync.WaitGroup
}

// Start makes a cluster and waits until all of it is ready. Close it, whatever
// the error.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg, net: lan.New(), record: newRecorder()}
	for number := 1; number <= cfg.Nodes; number++ {
		n, err := c.newNode(number)
		if err != nil {
			return c, err
		}
		c.nodes = append(c.nodes, n)
		c.record.change(func(h *check.History, _ time.Duration) { h.Sites[n.name] = n.site })
	}
	host, err := c.net.Add("world", worldHost)
	if err != nil {
		return c, err
	}
	c.world = newWorld(c.record, host, c.nodes)
	for _, n := range c.nodes {
		if err := c.start(n); err != nil {
			return c, err
		}
	}
	if err := c.Converged(ctx); err != nil {
		return c, fmt.Errorf("the cluster does not come up: %w", err)
	}
	if cfg.Endpoints {
		return c, c.endpoints(ctx)
	}
	return c, nil
}

// endpoints has the world filled, and what is in it watched.
func (c *Cluster) endpoints(ctx context.Context) error {
	dice := rand.New(rand.NewPCG(c.cfg.Seed, 1))
	if err := c.world.fill(dice); err != nil {
		return err
	}
	for key, e := range c.world.endpoints {
		if w := c.write(ctx, -1, c.nodes[0], e.first(key)); w.Err != "" || w.Refused != "" {
			return fmt.Errorf("set %s: %s%s", key, w.Err, w.Refused)
		}
	}
	return c.Converged(ctx)
}

// newNode makes the host of a node, and its files.
func (c *Cluster) newNode(number int) (*node, error) {
	name := fmt.Sprintf("n%d", number)
	host, err := c.net.Add(name, byte(number))
	if err != nil {
		return nil, err
	}
	n := &node{name: name, site: sites[(number-1)%len(sites)], host: host, dir: filepath.Join(c.cfg.Dir, name), binary: c.cfg.Binary}
	n.small = slices.Contains(c.cfg.Small, number)
	n.client = newClient(host)
	if err := n.furnish(); err != nil {
		return nil, err
	}
	n.flags = c.flags(n, number == 1)
	return n, nil
}

// flags are those of an agent.
func (c *Cluster) flags(n *node, founds bool) []string {
	own := func(port int) string { return fmt.Sprintf("%s:%d", n.host.Address, port) }
	var others []string
	for number := 1; number <= c.cfg.Nodes; number++ {
		if address := fmt.Sprintf("10.77.0.%d:%d", number, httpPort); address != own(httpPort) {
			others = append(others, address)
		}
	}
	all := []string{
		"agent", "--node", n.name, "--site", n.site, "--data-dir", n.data(), "--scripts", filepath.Join(n.dir, "scripts"),
		"--http", own(httpPort), "--raft", own(raftPort), "--gossip", own(gossipPort), "--join", strings.Join(others, ","),
		"--insecure", // nobody else is on the network of the test
	}
	if founds {
		all = append(all, "--bootstrap")
	}
	return append(append(all, quick...), c.cfg.Flags...)
}

// Trouble returns what has happened that must never happen, and that no checker
// looks for.
func (c *Cluster) Trouble() []string { return c.record.troubles() }

// Close ends everything at once.
func (c *Cluster) Close() {
	for _, n := range c.nodes {
		for _, l := range n.lives {
			l.doomed.Store(true)
			_ = l.cmd.Process.Kill() // most have ended
		}
	}
	c.watching.Wait()
	if c.world != nil {
		c.world.close()
	}
	c.net.Close()
}

// Keep copies what lies on small disks to where it outlives the cluster.
func (c *Cluster) Keep() error {
	var errs []error
	for _, n := range c.nodes {
		if n.small {
			errs = append(errs, os.CopyFS(filepath.Join(n.dir, "kept"), os.DirFS(n.files())))
		}
	}
	return errors.Join(errs...)
}

// up returns the nodes whose processes run and are not frozen.
func (c *Cluster) up() []*node {
	var up []*node
	for _, n := range c.nodes {
		if n.runs() && !n.frozen {
			up = append(up, n)
		}
	}
	return up
}

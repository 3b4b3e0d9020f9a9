//go:build unix

package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// size is how many nodes the cluster has; a change needs the votes of majority.
const (
	size     = 5
	majority = size/2 + 1
)

// quick are the settings of a cluster with little time. What takes seconds here
// takes tens of seconds with the defaults, which are kinder to what is watched.
var quick = []string{
	"--check", "http", "--interval", "500ms", "--retry-interval", "200ms", "--timeout", "1s",
	"--fall", "2", "--rise", "2", "--cooldown", "2s", "--ballot-refresh", "500ms",
	"--notify", "switch.sh",
}

// agentLog is the file in a node's folder that takes what the agent prints.
const agentLog = "agent.log"

//go:embed switch.sh
var switchScript []byte

// agent is one node: its process, while there is one, and what it keeps.
type agent struct {
	name   string
	dir    string
	http   string
	args   []string
	client client   // the client of this machine, which switch.sh configures
	proc   *process // nil while the node is meant to be down
}

// cluster is five agents. Its nodes are in the order of their names.
type cluster struct {
	binary string
	nodes  []*agent
}

// newCluster prepares a folder below dir for each node and starts nothing. A
// node needs three of the addresses.
func newCluster(dir, binary string, primary, standby string, addresses []string) (*cluster, error) {
	https, rafts, gossips := addresses[:size], addresses[size:2*size], addresses[2*size:]
	c := &cluster{binary: binary}
	for i := range size {
		n := &agent{name: fmt.Sprintf("node%d", i+1), http: https[i]}
		n.dir = filepath.Join(dir, n.name)
		n.client = client{config: filepath.Join(n.dir, "client.conf"), log: filepath.Join(n.dir, "switch.log")}
		n.args = append([]string{
			"agent", "--node", n.name, "--data-dir", filepath.Join(n.dir, "data"), "--scripts", n.scripts(),
			"--http", n.http, "--raft", rafts[i], "--gossip", gossips[i],
			"--join", strings.Join(slices.Delete(slices.Clone(https), i, i+1), ","),
		}, quick...)
		if i == 0 {
			n.args = append(n.args, "--bootstrap")
		}
		if err := n.furnish(primary, standby); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", n.name, err)
		}
		c.nodes = append(c.nodes, n)
	}
	return c, nil
}

func (n *agent) scripts() string { return filepath.Join(n.dir, "scripts") }

// furnish writes what is there on the machine before Tocsin comes: the script,
// its settings, and the client's configuration, which names the primary.
func (n *agent) furnish(primary, standby string) error {
	settings := fmt.Sprintf("primary=%s\nstandby=%s\nclient=%s\nlog=%s\n",
		quoted(primary), quoted(standby), quoted(n.client.config), quoted(n.client.log))
	return errors.Join(
		os.MkdirAll(n.scripts(), 0o755),
		os.WriteFile(filepath.Join(n.scripts(), "switch.sh"), switchScript, 0o755),
		os.WriteFile(filepath.Join(n.scripts(), "switch.conf"), []byte(settings), 0o644),
		os.WriteFile(n.client.config, []byte("backend = "+primary+"\n"), 0o644),
	)
}

// quoted is text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// start starts the node's process.
func (c *cluster) start(n *agent) error {
	p, err := startProcess(n.name, filepath.Join(n.dir, agentLog), c.binary, n.args...)
	n.proc = p
	return err
}

// startAll starts all the nodes at once.
func (c *cluster) startAll() error {
	for _, n := range c.nodes {
		if err := c.start(n); err != nil {
			return err
		}
	}
	return nil
}

// kill ends the node's process without a word of warning.
func (c *cluster) kill(n *agent) {
	n.proc.kill()
	n.proc = nil
}

// stopAll ends all the processes and returns when none is left.
func (c *cluster) stopAll() {
	var stopping sync.WaitGroup
	for _, n := range c.alive() {
		stopping.Go(func() { n.proc.stop(5 * time.Second) })
	}
	stopping.Wait()
}

// alive returns the nodes that are meant to run.
func (c *cluster) alive() []*agent {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *agent) bool { return n.proc == nil })
}

// named returns the node of that name.
func (c *cluster) named(name string) (*agent, bool) {
	i := slices.IndexFunc(c.nodes, func(n *agent) bool { return n.name == name })
	if i < 0 {
		return nil, false
	}
	return c.nodes[i], true
}

// check returns an error when a process has ended that nobody has ended.
func (c *cluster) check() error {
	for _, n := range c.alive() {
		if n.proc.ended() {
			return fmt.Errorf("%s has ended by itself (%v); its last words:\n%s", n.name, n.proc.err, n.proc.lastWords())
		}
	}
	return nil
}

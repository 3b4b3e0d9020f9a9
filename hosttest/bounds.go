//go:build linux

package hosttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What a node that has nothing to do may have at most. It has some dozens of
// connections to the others and a few files.
const (
	mostFiles   = 200
	mostThreads = 200
)

// lingering is how long a script may outlive the node that started it.
const lingering = 5 * time.Second

// bounded notes what the processes of the nodes have too much of.
func (c *Cluster) bounded() {
	for _, n := range c.nodes {
		if !n.runs() {
			continue
		}
		for what, most := range map[string]int{"fd": mostFiles, "task": mostThreads} {
			have, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", n.life().pid(), what))
			if err != nil || len(have) > most {
				c.record.broken("%s has %d of /proc/…/%s, and it is idle (%v)", n.name, len(have), what, err)
			}
		}
	}
}

// orphans notes what still runs though all nodes have ended.
func (c *Cluster) orphans() {
	var left []string
	for end := time.Now().Add(lingering); time.Now().Before(end); <-time.After(100 * time.Millisecond) {
		if left = running(c.cfg.Dir); len(left) == 0 {
			return
		}
	}
	c.record.broken("all nodes have ended, and there still run:\n%s", strings.Join(left, "\n"))
}

// running returns the command lines of the processes that have dir in them.
func running(dir string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well-formed
	for _, name := range lines {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		if words := strings.ReplaceAll(string(line), "\x00", " "); strings.Contains(words, dir) {
			found = append(found, filepath.Base(filepath.Dir(name))+": "+words)
		}
	}
	return found
}

//go:build linux

package hosttest

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"tocsin/fsm"
)

// TestTwoOnOneDirectory starts a second process on the data of one that runs.
func TestTwoOnOneDirectory(t *testing.T) {
	needHosts(t)
	c := start(t, Config{Nodes: 3})
	n := c.nodes[2]
	second := *n
	second.dir, second.lives = t.TempDir(), nil
	l := refuses(t, c, &second, "--http", "10.77.0.3:6001", "--raft", "10.77.0.3:7001", "--gossip", "10.77.0.3:8001")
	wantWords(t, l.said(2), "in use by process", fmt.Sprint(n.life().pid()))
}

// TestPortInUse starts a node whose ports are taken.
func TestPortInUse(t *testing.T) {
	needHosts(t)
	c := start(t, Config{Nodes: 3})
	n := c.nodes[2]
	for port, flag := range map[uint16]string{httpPort: "--http", raftPort: "--raft", gossipPort: "--gossip"} {
		t.Run(flag, func(t *testing.T) {
			c.kill(n)
			var taken net.Listener
			taken, err := n.host.Listen(port)
			if err != nil {
				t.Fatal(err)
			}
			wantWords(t, refuses(t, c, n).said(2), flag, fmt.Sprint(port))
			if err := taken.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.start(n); err != nil {
				t.Fatal(err)
			}
			if err := c.Converged(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestClone starts a second node on a copy of the data of one that runs. One of
// them has to end and say why, or never take part, and the cluster has to go on.
func TestClone(t *testing.T) {
	needHosts(t)
	for _, test := range []struct {
		what  string
		after bool // the copy is made after the original was started for the last time
	}{{"a copy from before its last start", false}, {"a copy from after its last start", true}} {
		t.Run(test.what, func(t *testing.T) {
			c := start(t, Config{Nodes: 3})
			original := c.nodes[2]
			clone, err := c.newNode(4)
			if err != nil {
				t.Fatal(err)
			}
			clone.name, clone.site = original.name, original.site
			clone.flags = c.flags(clone, false)
			duplicate := func() {
				if err := os.RemoveAll(clone.files()); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(clone.files(), os.DirFS(original.files())); err != nil {
					t.Fatal(err)
				}
			}
			c.kill(original)
			if !test.after {
				duplicate()
			}
			if err := c.start(original); err != nil {
				t.Fatal(err)
			}
			if err := c.Converged(t.Context()); err != nil {
				t.Fatal(err)
			}
			if test.after {
				c.freeze(original)
				duplicate()
				c.thaw(original)
			}
			original.life().doomed.Store(true)
			copied, err := c.launch(clone)
			if err != nil {
				t.Fatal(err)
			}
			loser := original.life()
			select {
			case <-loser.done:
			case <-copied.done:
				loser = copied
			case <-time.After(time.Minute):
				t.Fatalf("both run on; the original says\n%s\nand the copy says\n%s", loser.said(5), copied.said(5))
			}
			t.Logf("life %d at %s ended: %s", loser.Number, loser.logName, loser.said(1))
			wantWords(t, loser.said(1), "tocsin: ", original.name)
			works(t, c)
			if loser == copied {
				return
			}
			// The original is started again where it belongs: now the copy has to end.
			if err := c.start(original); err != nil {
				t.Fatal(err)
			}
			original.life().doomed.Store(true)
			select {
			case <-copied.done:
			case <-original.life().done:
			case <-time.After(time.Minute):
				t.Fatal("both run on, the second time")
			}
			works(t, c)
			if original.runs() {
				if err := c.Converged(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// works requires that a write through each of two nodes is done.
func works(t *testing.T, c *Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, n := range c.nodes[:2] {
		for {
			w := c.write(ctx, -1, n, fsm.SetEndpoint{Key: "works", Value: fmt.Sprint(time.Now().UnixNano())})
			if w.Err == "" && w.Changed {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("%s takes no writes: %s%s", n.name, w.Err, w.Refused)
			}
		}
	}
}

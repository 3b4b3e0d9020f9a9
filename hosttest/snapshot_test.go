//go:build linux

package hosttest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/fsm"
)

const (
	// snapshotAfter is how many entries make a snapshot due, and some.
	snapshotAfter = 4300
	// snapshotWait is longer than an agent takes to find that one is due.
	snapshotWait = 4 * time.Minute
)

// TestDamagedSnapshot damages the newest snapshot of a node that is down. It has
// to refuse it, and to start again when what was damaged is whole, or when what
// the refusal says is done.
func TestDamagedSnapshot(t *testing.T) {
	needHosts(t)
	if *length < 10*time.Minute {
		t.Skip("it takes minutes until there is a snapshot: -length 10m")
	}
	c := start(t, Config{Nodes: 3})
	n := c.nodes[2]
	for i := range snapshotAfter {
		if w := c.write(t.Context(), -1, c.nodes[0], fsm.SetEndpoint{Key: "many", Value: fmt.Sprint(i)}); w.Err != "" {
			t.Fatal(w.Err)
		}
	}
	newest := n.awaitSnapshot(t)
	for _, damage := range []struct {
		what, file string
		do         func(name string) error
	}{
		{"the state is cut off", "state.bin", half},
		{"the state is empty", "state.bin", func(name string) error { return os.Truncate(name, 0) }},
		{"the state is gone", "state.bin", os.Remove},
		{"a bit of the state is flipped", "state.bin", flip(`"many"`)},
		{"the description is cut off", "meta.json", half},
		{"a bit of the description is flipped", "meta.json", flip(`"Index"`)},
	} {
		t.Run(damage.what, func(t *testing.T) {
			c.kill(n)
			name := filepath.Join(newest, damage.file)
			whole, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage.do(name); err != nil {
				t.Fatal(err)
			}
			l := refuses(t, c, n)
			wantWords(t, l.said(4), "snapshot", "is damaged", advice)
			if err := os.WriteFile(name, whole, 0o600); err != nil {
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
	c.kill(n)
	if err := half(filepath.Join(newest, "state.bin")); err != nil {
		t.Fatal(err)
	}
	refuses(t, c, n)
	quarantine(t, n)
	if err := c.start(n); err != nil {
		t.Fatal(err)
	}
	if err := c.Converged(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, what := range c.Trouble() {
		t.Error(what)
	}
}

// awaitSnapshot returns the folder of the newest snapshot of a node, once there is
// one.
func (n *node) awaitSnapshot(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(snapshotWait); ; <-time.After(time.Second) {
		found, err := filepath.Glob(filepath.Join(n.files(), "snapshots", "*", "meta.sum"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return filepath.Dir(found[len(found)-1])
		}
		if time.Now().After(end) {
			t.Fatal("it makes no snapshot")
		}
	}
}

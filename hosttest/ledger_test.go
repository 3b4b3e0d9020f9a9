//go:build linux

package hosttest

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/clustertest/check"
)

// leftRoom is less than a ledger takes, in bytes.
const leftRoom = 12 << 10

// TestLedgerDiskIsFull fills the disk of a node's ledger, on which its raft store
// is not. It has to say so and start no script of which it can't write that it
// starts, to go on in raft, and to catch up when there is room.
func TestLedgerDiskIsFull(t *testing.T) {
	needHosts(t)
	c := start(t, Config{Nodes: 3, Small: []int{3}, Endpoints: true, Seed: 1})
	n := c.nodes[2]
	c.kill(n)
	if err := n.ownRaftDisk(); err != nil {
		t.Fatal(err)
	}
	// A file that was found is copied before it is written to, and there is room
	// for all that a start writes, but not for that.
	ballast := filepath.Join(n.files(), "ballast")
	if err := errors.Join(fill(ballast), shorten(ballast, leftRoom)); err != nil {
		t.Fatal(err)
	}
	c.record.fault("there is no room for the ledger of %s", n.name)
	if err := c.start(n); err != nil {
		t.Fatal(err)
	}
	stuck := everythingChangesUntil(t, c, func(r api.Readiness) bool {
		return strings.Contains(strings.Join(r.Problems, "\n"), "ledger")
	})
	if other := c.nodes[0]; stuck.CommitIndex-stuck.Index > 100 || !other.readiness(t).Ready {
		t.Errorf("it is behind in raft, or others suffer: %+v, %s: %+v", stuck, other.name, other.readiness(t))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.record.fault("over: the disk of the ledger has room")
	if err := c.Converged(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lives := len(n.lives); lives != 2 {
		t.Errorf("it has ended in between: this is life %d", lives)
	}
	h, err := c.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range c.Trouble() {
		t.Error(what)
	}
	for _, v := range check.Violations(h) {
		t.Errorf("%v\n\n%s", v, h.Story(v))
	}
}

// everythingChangesUntil has the world change, so that there are events, until the
// last node says what it is to say.
func everythingChangesUntil(t *testing.T, c *Cluster, says func(api.Readiness) bool) api.Readiness {
	t.Helper()
	dice := rand.New(rand.NewPCG(1, 3))
	for end := time.Now().Add(time.Minute); ; {
		r := c.nodes[len(c.nodes)-1].readiness(t)
		if says(r) {
			return r
		}
		if time.Now().After(end) {
			t.Fatalf("it does not say what is wrong: %+v", r)
		}
		if err := c.world.flip(dice); err != nil {
			t.Fatal(err)
		}
		<-time.After(200 * time.Millisecond)
	}
}

func (n *node) readiness(t *testing.T) (r api.Readiness) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for n.get(ctx, "/readyz", &r) != nil {
		if ctx.Err() != nil {
			t.Fatalf("%s does not answer", n.name)
		}
	}
	return r
}

// shorten makes a file shorter by so many bytes.
func shorten(name string, by int64) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.Truncate(name, info.Size()-by)
}

// ownRaftDisk moves what raft keeps of a node that is down to the large disk of its
// host, and leaves the ledger on the small one.
func (n *node) ownRaftDisk() error {
	large := filepath.Join(n.dir, "raft")
	if err := os.Mkdir(large, 0o700); err != nil {
		return err
	}
	const store, snapshots = "raft.db", "snapshots"
	entries, err := os.ReadFile(filepath.Join(n.files(), store))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(large, store), entries, 0o600),
		n.host.Bind(filepath.Join(large, store), filepath.Join(n.data(), store)),
		os.CopyFS(filepath.Join(large, snapshots), os.DirFS(filepath.Join(n.files(), snapshots))),
		n.host.Bind(filepath.Join(large, snapshots), filepath.Join(n.data(), snapshots)),
	)
}

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recover runs "tocsin recover" and returns what it printed and whether it
// succeeded.
func (c *cluster) recover(args ...string) (printed string, ok bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(buildDir, "tocsin"), append([]string{"recover"}, args...)...)
	cmd.Env = environment(nil)
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

func (c *cluster) dir(n int) string { return filepath.Join(c.data, fmt.Sprintf("node%d", n)) }

// wantWords requires that text has all the words.
func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}

// TestRecoverQuarantine cuts a member's store off, and follows what the refusal
// says.
func TestRecoverQuarantine(t *testing.T) {
	c := newCluster(t)
	for n := 1; n <= 3; n++ {
		c.start(t, n)
	}
	c.awaitReady(t, 1, 2, 3)
	c.want(t, 1, "/set?key=before&value=1", "ok")
	c.nodes[3].kill()
	if err := os.Truncate(filepath.Join(c.dir(3), "raft.db"), 12_345); err != nil {
		t.Fatal(err)
	}
	refused := c.start(t, 3)
	wantMistake(t, refused, 1, "raft.db is damaged", "tocsin recover quarantine --data-dir "+c.dir(3))
	if strings.Contains(refused.output.String(), "goroutine ") {
		t.Errorf("it panicked:\n%s", refused.output)
	}

	printed, ok := c.recover("quarantine", "--data-dir", c.dir(3))
	if !ok {
		t.Fatal(printed)
	}
	wantWords(t, printed, "found: ", "set aside: raft.db, snapshots", "node node3 comes in again as a new member", "--join")
	kept, err := filepath.Glob(filepath.Join(c.dir(3), "set-aside-*", "raft.db"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the damaged store is kept as %v, %v", kept, err)
	}
	c.start(t, 3)
	c.awaitReady(t, 1, 2, 3)
	c.want(t, 3, "/get?key=before", "1")
	c.want(t, 3, "/set?key=after&value=2", "ok")
	stop(t, c.nodes[1], c.nodes[2], c.nodes[3])
}

// TestRecoverMajority loses two of three nodes for good.
func TestRecoverMajority(t *testing.T) {
	c := newCluster(t)
	for n := 1; n <= 3; n++ {
		c.start(t, n)
	}
	c.awaitReady(t, 1, 2, 3)
	c.want(t, 1, "/set?key=before&value=1", "ok")
	c.want(t, 3, "/get?key=before", "1")
	majority := func(dead string) (string, bool) {
		return c.recover("majority", "--data-dir", c.dir(3), "--dead", dead)
	}

	printed, ok := majority("node1,node2")
	if ok {
		t.Fatal("it recovered a node that runs")
	}
	wantWords(t, printed, "in use by process")
	c.nodes[1].kill()
	stop(t, c.nodes[3])
	if printed, ok = majority("node1"); ok {
		t.Fatal("one of three is no majority")
	}
	wantWords(t, printed, "no majority is lost", "node2, node3")
	if printed, ok = majority("node1,node2"); ok {
		t.Fatal("node2 is not dead")
	}
	wantWords(t, printed, "node2 at ", "it is said to be dead, but it answers")
	c.nodes[2].kill()

	c.start(t, 3)
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		status, body, err := fetch(ctx, c.http(3), "/readyz")
		if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(body, "no leader")) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	stop(t, c.nodes[3])
	if printed, ok = majority("node1,node2"); !ok {
		t.Fatal(printed)
	}
	wantWords(t, printed, "node node3 is now the only voter", "node1, node2: no longer members")

	c.start(t, 3)
	c.awaitReady(t, 3)
	c.want(t, 3, "/get?key=before", "1")
	c.want(t, 3, "/set?key=after&value=2", "ok")
	// A new machine in the place of a dead one.
	if err := os.RemoveAll(c.dir(1)); err != nil {
		t.Fatal(err)
	}
	c.start(t, 1)
	c.awaitReady(t, 1, 3)
	c.want(t, 1, "/get?key=after", "2")
	stop(t, c.nodes[1], c.nodes[3])
}

package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/fsm"
)

// smallDisk mounts a disk of 8 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("a small disk can't be mounted, which only root may: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestNode_OnAFullDisk fills the disk under a node, gives room again, and then
// starts the node anew on what it has.
func TestNode_OnAFullDisk(t *testing.T) {
	disk := smallDisk(t)
	cfg := lived(t)
	data := filepath.Join(disk, "data")
	if err := os.CopyFS(data, os.DirFS(cfg.DataDir)); err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = data
	n := bringUp(t, cfg)
	if said := strings.Join(n.Readiness().Warnings, "; "); !strings.Contains(said, "little room") {
		t.Errorf("of so small a disk readiness warns %q", said)
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)

	long := strings.Repeat("x", 60_000)
	acknowledged, full := "", false
	for i := 0; i < 400 && !full; i++ {
		value := long + time.Now().String()
		if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "k", Value: value}); err == nil {
			acknowledged = value
		}
		full = strings.Contains(strings.Join(n.Readiness().Problems, "; "), "the disk is full")
	}
	if !full {
		t.Fatalf("the disk does not become full: %v, %v", n.Readiness().Problems, n.Err())
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, n)
	if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "after", Value: "v"}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	again := bringUp(t, cfg)
	if _, ok := again.View().Endpoint("after"); !ok {
		t.Error("what was acknowledged after that is lost")
	}
	if e, ok := again.View().Endpoint("k"); acknowledged != "" && (!ok || len(e.Value) < len(long)) {
		t.Error("what was acknowledged before that is lost")
	}
}

// fill leaves no room on the disk that path is on.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); ; {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}

package node_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/node"
)

// ailing is a raft store on a disk that can be made to fail.
type ailing struct {
	raft.LogStore
	raft.StableStore

	mu    sync.Mutex
	fault func() error // nil while it is well
}

func (a *ailing) breakWith(fault func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = fault
}

func (a *ailing) ask() error {
	a.mu.Lock()
	fault := a.fault
	a.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault()
}

func (a *ailing) StoreLogs(logs []*raft.Log) error {
	if err := a.ask(); err != nil {
		return err
	}
	return a.LogStore.StoreLogs(logs)
}

func (a *ailing) SetUint64(key []byte, value uint64) error {
	if err := a.ask(); err != nil {
		return err
	}
	return a.StableStore.SetUint64(key, value)
}

// onAilingDisk brings up a cluster of one whose raft store can be made to fail.
func onAilingDisk(t *testing.T) (*node.Node, *ailing) {
	t.Helper()
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	cfg := lived(t)
	cfg.WriteLimit = time.Second
	outside, err := node.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	disk := &ailing{LogStore: outside.Raft.Log, StableStore: outside.Raft.Stable}
	outside.Raft.Log, outside.Raft.Stable = disk, disk
	n, err := node.Start(cfg, outside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Stop(context.Background()) }) // once more does nothing
	awaitReady(t, n)
	return n, disk
}

// wantEnd requires that n ends by itself and then stops, both soon.
func wantEnd(t *testing.T, n *node.Node, words ...string) {
	t.Helper()
	select {
	case <-n.Done():
	case <-time.After(40 * time.Second):
		t.Fatal("it does not end")
	}
	for _, word := range words {
		if err := n.Err(); err == nil || strings.Count(err.Error(), word) != 1 {
			t.Errorf("it ends with %v, want %q once", err, word)
		}
	}
	stopped := make(chan error, 1)
	go func() { stopped <- n.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Logf("stopped: %v", err)
	case <-time.After(40 * time.Second):
		t.Fatal("it does not stop")
	}
}

func TestNode_EndsWhenAWriteHangs(t *testing.T) {
	n, disk := onAilingDisk(t)
	repaired := make(chan struct{})
	t.Cleanup(func() { close(repaired) })
	disk.breakWith(func() error { <-repaired; return errors.New("too late") })
	go func() { _, _ = n.Propose(context.Background(), fsm.SetEndpoint{Key: "k", Value: "v"}) }()
	wantEnd(t, n, "has not come back for 1s", "look at the disk of --data-dir")
}

func TestNode_EndsWhenAWriteFails(t *testing.T) {
	n, disk := onAilingDisk(t)
	disk.breakWith(func() error { return syscall.EIO })
	if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "k", Value: "v"}); err == nil {
		t.Error("the write was taken")
	}
	wantEnd(t, n, "has failed", "input/output error")
}

func TestNode_WaitsForRoomOnAFullDisk(t *testing.T) {
	n, disk := onAilingDisk(t)
	disk.breakWith(func() error { return syscall.ENOSPC })
	if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "k", Value: "v"}); err == nil {
		t.Error("the write was taken")
	}
	if said := strings.Join(n.Readiness().Problems, "; "); !strings.Contains(said, "the disk is full") {
		t.Errorf("readiness says %q", said)
	}
	disk.breakWith(nil)
	awaitReady(t, n)
	if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: "k", Value: "v"}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

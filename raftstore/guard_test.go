package raftstore_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tocsin/raftstore"
)

// disk is a store in memory that fails as it is told.
type disk struct {
	*raft.InmemStore
	mu    sync.Mutex
	fault func(write string) error // nil while it is well
}

func (d *disk) breakWith(fault func(string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

func (d *disk) ask(write string) error {
	d.mu.Lock()
	fault := d.fault
	d.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(write)
}

func (d *disk) StoreLogs(logs []*raft.Log) error {
	return errors.Join(d.ask("logs"), d.InmemStore.StoreLogs(logs))
}

func (d *disk) Set(key, value []byte) error {
	return errors.Join(d.ask(string(key)), d.InmemStore.Set(key, value))
}

func (d *disk) SetUint64(key []byte, value uint64) error {
	if err := d.ask(string(key)); err != nil {
		return err
	}
	return d.InmemStore.SetUint64(key, value)
}

func (d *disk) GetLog(index uint64, into *raft.Log) error {
	if err := d.ask("read"); err != nil {
		return err
	}
	return d.InmemStore.GetLog(index, into)
}

// nothing is a state machine.
type nothing struct{}

func (nothing) Apply(*raft.Log) any                 { return nil }
func (nothing) Snapshot() (raft.FSMSnapshot, error) { return nil, errors.New("no") }
func (nothing) Restore(r io.ReadCloser) error       { return r.Close() }

// node is a raft of one, which leads as long as its disk is well.
type node struct {
	raft  *raft.Raft
	guard *raftstore.Guard
	disk  *disk
	wrote atomic.Int64 // writes that have come back
}

// inBubble runs a test with a raft of one that has become the leader.
func inBubble(t *testing.T, test func(*testing.T, *node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &node{disk: &disk{InmemStore: raft.NewInmemStore()}}
		n.guard = raftstore.NewGuard(raftstore.GuardConfig{Log: n.disk, Stable: n.disk, Wrote: func(time.Duration) { n.wrote.Add(1) }})
		address, transport := raft.NewInmemTransport("n1")
		c := raft.DefaultConfig()
		c.LocalID, c.Logger = "n1", hclog.NewNullLogger()
		var err error
		if n.raft, err = raft.NewRaft(c, nothing{}, n.guard, n.guard, raft.NewDiscardSnapshotStore(), transport); err != nil {
			t.Fatal(err)
		}
		n.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{{ID: "n1", Address: address}}})
		time.Sleep(5 * time.Second)
		if n.raft.State() != raft.Leader {
			t.Fatal("it does not lead")
		}
		if n.wrote.Load() == 0 {
			t.Error("nobody heard of the writes that made it the leader")
		}
		test(t, n)
		n.guard.Release()
		ended := make(chan error, 1)
		go func() { ended <- n.raft.Shutdown().Error() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("raft does not end")
		}
		time.Sleep(time.Minute) // what raft does not wait for itself ends too
	})
}

// apply writes one entry, but not for longer than 10 s.
func (n *node) apply() error {
	answer := make(chan error, 1)
	go func() { answer <- n.raft.Apply([]byte("entry"), time.Second).Error() }()
	select {
	case err := <-answer:
		return err
	case <-time.After(10 * time.Second):
		return context.DeadlineExceeded
	}
}

func wantFailed(t *testing.T, n *node, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := n.guard.Run(ctx)
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the guard says %v, want %q", err, word)
		}
	}
	if err != nil && n.guard.Trouble() != err.Error() {
		t.Errorf("the trouble is %q, want %q", n.guard.Trouble(), err)
	}
}

func wantWell(t *testing.T, n *node) {
	t.Helper()
	if err := n.guard.Err(); err != nil || n.guard.Trouble() != "" {
		t.Errorf("the guard says %v and %q", err, n.guard.Trouble())
	}
}

func TestGuard_AHungWriteEndsTheNode(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		repaired := make(chan struct{})
		defer close(repaired) // for the bubble waits for every goroutine
		n.disk.breakWith(func(string) error { <-repaired; return nil })
		if err := n.apply(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the write gives %v", err)
		}
		if said := n.guard.Trouble(); !strings.Contains(said, "10s") {
			t.Errorf("after 10 s the trouble is %q", said)
		}
		time.Sleep(19 * time.Second)
		if n.guard.Err() != nil {
			t.Errorf("just before the limit: %v", n.guard.Err())
		}
		time.Sleep(2 * time.Second)
		wantFailed(t, n, "has not come back for 30s", "hangs")
	})
}

func TestGuard_ASlowWriteDoesNot(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.disk.breakWith(func(write string) error {
			if write == "logs" {
				time.Sleep(9 * time.Second)
			}
			return nil
		})
		if err := n.apply(); err != nil {
			t.Error(err)
		}
		wantWell(t, n)
	})
}

func TestGuard_AFailedWriteEndsTheNode(t *testing.T) {
	for _, what := range []string{"logs", "CurrentTerm", "LastVoteTerm", "LastVoteCand"} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, func(t *testing.T, n *node) {
				n.disk.breakWith(func(write string) error {
					if write == what {
						return syscall.EIO
					}
					if write == "logs" {
						return syscall.ENOSPC // it steps back, and wants a new term
					}
					return nil
				})
				if n.apply() == nil {
					t.Error("the entry was taken")
				}
				time.Sleep(10 * time.Second)
				wantFailed(t, n, "has failed", "input/output error")
				n.disk.breakWith(nil)
				if err := n.guard.StoreLog(&raft.Log{Index: 1000}); err == nil {
					t.Error("a disk that has failed is written to again")
				}
			})
		})
	}
}

func TestGuard_DamageThatIsReadEndsTheNode(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.disk.breakWith(func(write string) error {
			if write == "read" {
				return &raftstore.Damage{Path: "raft.db", Cause: errors.New("bad")}
			}
			return nil
		})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = n.guard.GetLog(1, new(raft.Log))
			t.Error("what can't be read was answered")
		}()
		<-ended
		wantFailed(t, n, "read the raft log", "raft.db is damaged: bad")
	})
}

func TestGuard_AFullDiskIsWaitedOut(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.disk.breakWith(func(string) error { return syscall.ENOSPC })
		if n.apply() == nil {
			t.Error("the entry was taken")
		}
		// An hour of it: raft has stepped back, and would panic over its term.
		time.Sleep(time.Hour)
		if n.raft.State() == raft.Leader {
			t.Error("a node that can write nothing leads")
		}
		if said := n.guard.Trouble(); !strings.Contains(said, "the disk is full") {
			t.Errorf("the trouble is %q", said)
		}
		if err := n.guard.Err(); err != nil {
			t.Errorf("the node ends: %v", err)
		}
		n.disk.breakWith(nil)
		time.Sleep(30 * time.Second)
		if err := n.apply(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		wantWell(t, n)
	})
}

// TestGuard_RoomIsSeenByWhateverIsWrittenNext: a vote that found no room need not
// be asked for again.
func TestGuard_RoomIsSeenByWhateverIsWrittenNext(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.disk.breakWith(func(string) error { return syscall.ENOSPC })
		if err := n.guard.Set([]byte("LastVoteCand"), []byte("n2")); !raftstore.IsFull(err) {
			t.Fatalf("the vote was written: %v", err)
		}
		n.disk.breakWith(func(write string) error {
			if write == "logs" {
				return syscall.ENOSPC
			}
			return nil
		})
		if err := n.guard.SetUint64([]byte("LastVoteTerm"), 77); err != nil {
			t.Fatal(err)
		}
		if said := n.guard.Trouble(); !strings.Contains(said, "the disk is full") {
			t.Errorf("a small write that fits makes it forget that there is no room: %q", said)
		}
		n.disk.breakWith(nil)
		if err := n.apply(); err != nil {
			t.Fatal(err)
		}
		wantWell(t, n)
	})
}

func TestGuard_AFullDiskDoesNotKeepTheNodeFromStopping(t *testing.T) {
	inBubble(t, func(_ *testing.T, n *node) {
		n.disk.breakWith(func(string) error { return syscall.EDQUOT })
		_ = n.apply()
		time.Sleep(time.Minute)
	})
}

// TestGuard_RaftComesUpOnADiskThatTakesNothing: raft writes its term when it
// starts, before anybody could be told that it waits.
func TestGuard_RaftComesUpOnADiskThatTakesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.disk.breakWith(func(string) error { return syscall.ENOSPC })
		term, err := n.guard.GetUint64([]byte("CurrentTerm"))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := n.guard.SetUint64([]byte("CurrentTerm"), term); err != nil || time.Since(began) > 0 {
			t.Errorf("to write the term that is there already took %v, and gave %v", time.Since(began), err)
		}
	})
}

// TestGuard_ClosedUnderRaft: whoever closes the store while raft still runs, as
// after a shutdown that took too long, does not make raft panic.
func TestGuard_ClosedUnderRaft(t *testing.T) {
	inBubble(t, func(t *testing.T, n *node) {
		n.guard.Release()
		n.disk.breakWith(func(string) error { return raftstore.ErrClosed })
		_ = n.apply()
		time.Sleep(time.Minute)
		if err := n.guard.Err(); err != nil {
			t.Errorf("that is no failure of the disk: %v", err)
		}
	})
}

func TestIsFull(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{syscall.EIO, false},
		{syscall.ENOSPC, true},
		{syscall.EDQUOT, true},
		{errors.New("file resize error: truncate raft.db: no space left on device"), true}, // as bbolt puts it
	} {
		if got := raftstore.IsFull(test.err); got != test.want {
			t.Errorf("IsFull(%v) = %v", test.err, got)
		}
	}
}

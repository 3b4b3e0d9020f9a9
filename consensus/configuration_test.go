package consensus

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
)

// disk is a store in memory that answers no read while it hangs.
type disk struct {
	*raft.InmemStore
	hangs atomic.Bool
	well  chan struct{} // closed when it hangs no more
}

func (d *disk) wait() {
	if d.hangs.Load() {
		<-d.well
	}
}

func (d *disk) GetUint64(key []byte) (uint64, error) { d.wait(); return d.InmemStore.GetUint64(key) }
func (d *disk) LastIndex() (uint64, error)           { d.wait(); return d.InmemStore.LastIndex() }

// newMember returns a member on that disk, which hears nobody.
func newMember(t *testing.T, d *disk) *Member {
	t.Helper()
	_, transport := raft.NewInmemTransport("n1:1")
	m, err := New(Config{
		Node: "n1", Process: "p", Raft: "n1:1",
		Outside: Outside{Transport: transport, Log: d, Stable: d, Snapshots: raft.NewInmemSnapshotStore()},
		Machine: fsm.NewMachine(), Cluster: func() string { return "" }, Member: func() bool { return true },
		WhereIs: func(_, at string) string { return at }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMember_HasState: a disk that hangs must not keep a node from saying so.
func TestMember_HasState(t *testing.T) {
	for name, c := range map[string]struct {
		write func(*disk) error
		want  bool
	}{
		"an empty disk": {func(*disk) error { return nil }, false},
		"a term":        {func(d *disk) error { return d.SetUint64([]byte("CurrentTerm"), 3) }, true},
		"an entry":      {func(d *disk) error { return d.StoreLog(&raft.Log{Index: 1, Type: raft.LogNoop}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &disk{InmemStore: raft.NewInmemStore(), well: make(chan struct{})}
				if err := c.write(d); err != nil {
					t.Fatal(err)
				}
				m := newMember(t, d)
				d.hangs.Store(true)
				answer := make(chan bool, 1)
				go func() { answer <- m.HasState() }()
				select {
				case got := <-answer:
					if got != c.want {
						t.Errorf("got %v, want %v", got, c.want)
					}
				case <-time.After(time.Minute):
					t.Error("it waits for the disk")
				}
				close(d.well)
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

package clustertest

import (
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"sync"

	"github.com/hashicorp/raft"

	"tocsin/node"
	"tocsin/notify"
)

// disk is all that one node has on disk.
type disk struct {
	raft      *store
	snapshots *raft.InmemSnapshotStore
	ledger    *notify.MemoryLedger

	mu       sync.Mutex
	identity node.Identity
}

func newDisk(name string) *disk {
	return &disk{
		raft: newStore(), snapshots: raft.NewInmemSnapshotStore(), ledger: notify.NewMemoryLedger(),
		identity: node.Identity{Node: name, Disk: rand.Text()},
	}
}

// crash returns what a new process finds. The old one keeps a disk of its own,
// which nobody will ever read.
func (d *disk) crash() (*disk, error) {
	// The log first: what is compacted away after it was copied is in a
	// snapshot that is copied later, and not the other way round.
	log := d.raft.crash()
	snapshots, err := copySnapshots(d.snapshots)
	if err != nil {
		return nil, err
	}
	return &disk{raft: log, snapshots: snapshots, ledger: d.ledger.Crash(), identity: d.whose()}, nil
}

// start counts one more process that uses the disk, and says whose it is.
func (d *disk) start() node.Identity {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.identity.Starts++
	return d.identity
}

func (d *disk) whose() node.Identity {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.identity
}

func (d *disk) remember(identity node.Identity) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.identity = identity
	return nil
}

func copySnapshots(from *raft.InmemSnapshotStore) (*raft.InmemSnapshotStore, error) {
	to := raft.NewInmemSnapshotStore()
	_, encoder := raft.NewInmemTransport("") // Create wants one, to write addresses
	metas, err := from.List()
	if err != nil {
		return nil, err
	}
	for _, m := range metas {
		_, content, err := from.Open(m.ID)
		if err != nil {
			return nil, err
		}
		sink, err := to.Create(m.Version, m.Index, m.Term, m.Configuration, m.ConfigurationIndex, encoder)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(sink, content)
		if err := errors.Join(err, content.Close(), sink.Close()); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// store is raft's log and stable store in memory. Every write is durable when
// it returns.
type store struct {
	mu      sync.RWMutex
	dead    bool // its machine has crashed: nothing more is stored, and so nothing more is promised
	low     uint64
	high    uint64
	logs    map[uint64]*raft.Log
	values  map[string][]byte
	numbers map[string]uint64
}

func newStore() *store {
	return &store{logs: map[uint64]*raft.Log{}, values: map[string][]byte{}, numbers: map[string]uint64{}}
}

// crash returns what the disk holds at this instant, as a new store.
func (s *store) crash() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	return &store{low: s.low, high: s.high, logs: maps.Clone(s.logs), values: maps.Clone(s.values), numbers: maps.Clone(s.numbers)}
}

// FirstIndex implements raft.LogStore.
func (s *store) FirstIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.low, nil
}

// LastIndex implements raft.LogStore.
func (s *store) LastIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.high, nil
}

// GetLog implements raft.LogStore.
func (s *store) GetLog(index uint64, into *raft.Log) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l, ok := s.logs[index]
	if !ok {
		return raft.ErrLogNotFound
	}
	*into = *l
	return nil
}

// entry returns a log entry, if it is there.
func (s *store) entry(index uint64) (*raft.Log, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l, ok := s.logs[index]
	return l, ok
}

// StoreLog implements raft.LogStore.
func (s *store) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (s *store) StoreLogs(logs []*raft.Log) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errDead
	}
	for _, l := range logs {
		kept := *l
		s.logs[l.Index] = &kept
		if s.low == 0 {
			s.low = l.Index
		}
		s.high = max(s.high, l.Index)
	}
	return nil
}

// DeleteRange implements raft.LogStore.
func (s *store) DeleteRange(from, to uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errDead
	}
	for i := from; i <= to; i++ {
		delete(s.logs, i)
	}
	if from <= s.low {
		s.low = to + 1
	}
	if to >= s.high {
		s.high = from - 1
	}
	if s.low > s.high {
		s.low, s.high = 0, 0
	}
	return nil
}

var errDead = errors.New("the machine has crashed")

var errNotFound = errors.New("not found") // the words that raft looks for

// Set implements raft.StableStore.
func (s *store) Set(key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errDead
	}
	s.values[string(key)] = value
	return nil
}

// Get implements raft.StableStore.
func (s *store) Get(key []byte) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v, ok := s.values[string(key)]; ok {
		return v, nil
	}
	return nil, errNotFound
}

// SetUint64 implements raft.StableStore. A dead one says that all is well: raft
// panics when it can't store its term, and a term alone promises nothing.
func (s *store) SetUint64(key []byte, value uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil
	}
	s.numbers[string(key)] = value
	return nil
}

// GetUint64 implements raft.StableStore.
func (s *store) GetUint64(key []byte) (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v, ok := s.numbers[string(key)]; ok {
		return v, nil
	}
	return 0, errNotFound
}

package simdisk

import (
	"errors"
	"maps"

	"github.com/hashicorp/raft"
)

// entries is what is in a raft store.
type entries struct {
	low, high uint64 // of logs; both 0 without any
	logs      map[uint64]*raft.Log
	values    map[string][]byte
	numbers   map[string]uint64
}

func newEntries() *entries {
	return &entries{logs: map[uint64]*raft.Log{}, values: map[string][]byte{}, numbers: map[string]uint64{}}
}

func (e *entries) clone() *entries {
	return &entries{e.low, e.high, maps.Clone(e.logs), maps.Clone(e.values), maps.Clone(e.numbers)}
}

func (e *entries) store(logs []*raft.Log) {
	for _, l := range logs {
		e.logs[l.Index] = l
		if e.low == 0 {
			e.low = l.Index
		}
		e.high = max(e.high, l.Index)
	}
}

func (e *entries) remove(from, to uint64) {
	for i := from; i <= to; i++ {
		delete(e.logs, i)
	}
	if from <= e.low {
		e.low = to + 1
	}
	if to >= e.high {
		e.high = from - 1
	}
	if e.low > e.high {
		e.low, e.high = 0, 0
	}
}

var errNotFound = errors.New("not found") // the words that raft looks for

// Store is raft's log and stable store.
type Store struct{ file *file[*entries] }

var (
	_ raft.LogStore    = Store{}
	_ raft.StableStore = Store{}
)

// Raft returns the raft store.
func (d *Disk) Raft() Store { return Store{d.raft} }

// Entry returns a log entry, if it is there.
func (s Store) Entry(index uint64) (l *raft.Log, ok bool) {
	s.file.read(func(e *entries) { l, ok = e.logs[index] })
	return l, ok
}

// FirstIndex implements raft.LogStore.
func (s Store) FirstIndex() (index uint64, _ error) {
	s.file.read(func(e *entries) { index = e.low })
	return index, nil
}

// LastIndex implements raft.LogStore.
func (s Store) LastIndex() (index uint64, _ error) {
	s.file.read(func(e *entries) { index = e.high })
	return index, nil
}

// GetLog implements raft.LogStore.
func (s Store) GetLog(index uint64, into *raft.Log) error {
	l, ok := s.Entry(index)
	if !ok {
		return raft.ErrLogNotFound
	}
	*into = *l
	return nil
}

// StoreLog implements raft.LogStore.
func (s Store) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (s Store) StoreLogs(logs []*raft.Log) error {
	kept := make([]*raft.Log, len(logs))
	for i, l := range logs {
		kept[i] = new(*l)
	}
	return s.file.write(func(e *entries) { e.store(kept) })
}

// DeleteRange implements raft.LogStore.
func (s Store) DeleteRange(from, to uint64) error {
	return s.file.write(func(e *entries) { e.remove(from, to) })
}

// Set implements raft.StableStore.
func (s Store) Set(key, value []byte) error {
	kept := append([]byte{}, value...)
	return s.file.write(func(e *entries) { e.values[string(key)] = kept })
}

// Get implements raft.StableStore.
func (s Store) Get(key []byte) (value []byte, err error) {
	err = errNotFound
	s.file.read(func(e *entries) {
		if v, ok := e.values[string(key)]; ok {
			value, err = v, nil
		}
	})
	return value, err
}

// SetUint64 implements raft.StableStore. To a process that has ended it says that
// all is well: else raft's main loop, which is to end in order, would end here,
// and leave those who wait for it waiting. A term alone promises nothing.
func (s Store) SetUint64(key []byte, value uint64) error {
	err := s.file.write(func(e *entries) { e.numbers[string(key)] = value })
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// GetUint64 implements raft.StableStore.
func (s Store) GetUint64(key []byte) (value uint64, err error) {
	err = errNotFound
	s.file.read(func(e *entries) {
		if v, ok := e.numbers[string(key)]; ok {
			value, err = v, nil
		}
	})
	return value, err
}

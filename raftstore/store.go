package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-boltdb/v2"

	"tocsin/boltcheck"
)

// closeLimit bounds how long Close waits for a write that hangs.
const closeLimit = 3 * time.Second

// errNotFound has the words that raft looks for.
var errNotFound = raftboltdb.ErrKeyNotFound

// ErrClosed is the error of everything that is asked of a closed Store.
var ErrClosed = errors.New("the raft store is closed")

// Damage is a raft store that can't be used, or a part of one that can't.
type Damage struct {
	Path  string // the file
	Cause error  // what is wrong with it
}

func (d *Damage) Error() string { return fmt.Sprintf("%s is damaged: %v", d.Path, d.Cause) }

func (d *Damage) Unwrap() error { return d.Cause }

// Store is raft's LogStore and StableStore in one bbolt file.
type Store struct {
	path string
	bolt *raftboltdb.BoltStore
	file *os.File // beneath bolt
	// found is what the log held when it was opened.
	found runs

	closed atomic.Bool
	close  sync.Once
	// broken says that bbolt has panicked: it may hold locks of its own for
	// ever, and what it has in memory is not to be written.
	broken atomic.Bool
}

var (
	_ raft.LogStore    = (*Store)(nil)
	_ raft.StableStore = (*Store)(nil)
)

// FirstIndex implements raft.LogStore.
func (s *Store) FirstIndex() (index uint64, err error) {
	err = s.do(func() (err error) { index, err = s.bolt.FirstIndex(); return err })
	return index, err
}

// LastIndex implements raft.LogStore.
func (s *Store) LastIndex() (index uint64, err error) {
	err = s.do(func() (err error) { index, err = s.bolt.LastIndex(); return err })
	return index, err
}

// GetLog implements raft.LogStore. The error is raft.ErrLogNotFound, ErrClosed
// or a *Damage.
func (s *Store) GetLog(index uint64, into *raft.Log) error {
	var l raft.Log
	err := s.do(func() error { return s.bolt.GetLog(index, &l) })
	switch {
	case errors.Is(err, raft.ErrLogNotFound), errors.Is(err, ErrClosed):
		return err
	case err == nil:
		err = unsealLog(index, &l)
	}
	if err != nil {
		return s.damage("entry %d of the log: %w", index, err)
	}
	*into = l
	return nil
}

// StoreLog implements raft.LogStore.
func (s *Store) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore. All of them are on the disk when it
// returns, or none.
func (s *Store) StoreLogs(logs []*raft.Log) error {
	sealed := make([]*raft.Log, len(logs))
	for i, l := range logs {
		sealed[i] = sealLog(l)
	}
	return s.do(func() error { return s.bolt.StoreLogs(sealed) })
}

// DeleteRange implements raft.LogStore.
func (s *Store) DeleteRange(first, last uint64) error {
	return s.do(func() error { return s.bolt.DeleteRange(first, last) })
}

// Set implements raft.StableStore.
func (s *Store) Set(key, value []byte) error {
	return s.do(func() error { return s.bolt.Set(key, sealValue(key, value)) })
}

// Get implements raft.StableStore. The error says "not found" in the words that
// raft looks for, or is ErrClosed or a *Damage.
func (s *Store) Get(key []byte) ([]byte, error) {
	var record []byte
	err := s.do(func() (err error) { record, err = s.bolt.Get(key); return err })
	switch {
	case errors.Is(err, errNotFound):
		return nil, errNotFound // raft compares the words
	case errors.Is(err, ErrClosed):
		return nil, err
	}
	var value []byte
	if err == nil {
		value, err = unsealValue(key, record)
	}
	if err != nil {
		return nil, s.damage("the value %q: %w", key, err)
	}
	return value, nil
}

// SetUint64 implements raft.StableStore.
func (s *Store) SetUint64(key []byte, value uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// GetUint64 implements raft.StableStore.
func (s *Store) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, s.damage("the value %q has %d bytes, and should have 8", key, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

// Close lets go of the file. It may be called more than once, and while raft
// still uses the Store, which then gets ErrClosed. It does not wait for ever for
// a write that hangs.
func (s *Store) Close() (err error) {
	s.close.Do(func() {
		s.closed.Store(true)
		if s.broken.Load() {
			err = s.file.Close() // bbolt may never let go of it
			return
		}
		done := make(chan error, 1)
		go func() {
			_, err := boltcheck.Guarded("bbolt can't read it", s.bolt.Close)
			done <- err
		}()
		select {
		case err = <-done:
		case <-time.After(closeLimit):
			err = errors.New("a write to it has not come back: the file is left to the end of the process")
		}
	})
	if err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

// do calls bbolt, and survives what bbolt does not.
func (s *Store) do(call func() error) error {
	switch {
	case s.closed.Load():
		return ErrClosed
	case s.broken.Load():
		return s.damage("it was given up after an earlier error")
	}
	panicked, err := boltcheck.Guarded("bbolt can't read it", call)
	if panicked {
		s.broken.Store(true)
		return s.damage("%w", err)
	}
	if err != nil && s.closed.Load() {
		return ErrClosed // bbolt has words of its own for it
	}
	return err
}

func (s *Store) damage(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if _, already := errors.AsType[*Damage](err); already {
		return err
	}
	return &Damage{s.path, err}
}

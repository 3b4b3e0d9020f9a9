package raftstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"tocsin/boltcheck"
	"tocsin/fsync"
)

const lockTimeout = time.Second

// Config says which store to open.
type Config struct {
	Path string
	// Owner is the name of the node: a new store is marked with it, and the
	// store of another node is refused. "" takes any store as it is.
	Owner string
	// Progress is told now and then how many entries of the log have been
	// verified, of how many; nil is not told. It is called by Open itself.
	Progress func(verified, all uint64)
}

// Open opens the store, and makes an empty one if there is no file. The error is
// a *Damage if the file is there and can't be trusted. Nothing is ever repaired:
// a store that has lost a part of what raft was promised must not speak for the
// node any more.
func Open(cfg Config) (*Store, error) {
	if err := createIfMissing(cfg.Path); err != nil {
		return nil, fmt.Errorf("make the raft store %s: %w", cfg.Path, err)
	}
	var log runs
	if err := boltcheck.File(cfg.Path, log.visit); errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("open the raft store: %w: let it belong to the user who runs the node", err)
	} else if err != nil {
		return nil, &Damage{cfg.Path, err}
	}
	s, err := open(cfg.Path)
	if err != nil {
		return nil, err
	}
	s.found = log
	err = s.verify(cfg.Progress)
	if err == nil {
		err = s.claim(cfg.Owner)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open hands the file to bbolt. What bbolt makes of one that has been checked
// can only be an error of the disk.
func open(path string) (*Store, error) {
	s := &Store{path: path}
	options := *bbolt.DefaultOptions
	options.Timeout = lockTimeout
	options.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		s.file, err = os.OpenFile(name, flag, mode)
		return s.file, err
	}
	panicked, err := boltcheck.Guarded("bbolt can't read it", func() (err error) {
		s.bolt, err = raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: &options})
		return err
	})
	switch {
	case panicked:
		err = &Damage{path, err}
		if s.file != nil {
			err = errors.Join(err, s.file.Close())
		}
	case errors.Is(err, bbolterrors.ErrTimeout):
		err = fmt.Errorf("%s is held by another process: is a second one running on this data directory?", path)
	case IsFull(err):
		err = fmt.Errorf("open the raft store %s: the disk is full: make room and start again: %w", path, err)
	case err != nil:
		err = fmt.Errorf("open the raft store %s: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// createIfMissing makes an empty store, whole or not at all: a file that is
// there but empty or short is therefore never one of ours.
func createIfMissing(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := open(draft)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	return fsync.Directory(filepath.Dir(path))
}

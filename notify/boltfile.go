package notify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"tocsin/boltcheck"
	"tocsin/fsync"
)

const (
	ledgerMode  = 0o600
	lockTimeout = time.Second
)

// boltFile is an open bbolt file that survives what bbolt does not.
type boltFile struct {
	db   *bbolt.DB
	file *os.File
	// broken: bbolt panicked in the middle of a change, and may hold locks
	// of its own for ever.
	broken bool
}

// update changes the file in one transaction.
func (f *boltFile) update(change func(*bbolt.Tx) error) error {
	panicked, err := boltcheck.Guarded("its structure is broken", func() error { return f.db.Update(change) })
	f.broken = f.broken || panicked
	return err
}

// view reads the file. bbolt cleans up behind a reader that panics.
func (f *boltFile) view(read func(*bbolt.Tx) error) error {
	_, err := boltcheck.Guarded("its structure is broken", func() error { return f.db.View(read) })
	return err
}

// close lets go of the file and of its lock.
func (f *boltFile) close() error {
	if f.broken {
		return f.file.Close()
	}
	return f.db.Close()
}

// ErrDamaged is the error of a ledger that can't be opened as it is.
var ErrDamaged = errors.New("can't be trusted")

// damaged wraps what is wrong with the file at path into what can be done. A
// file that only this build can't read is not damaged, and is left as it is.
func damaged(path string, err error) error {
	if errors.Is(err, errNewer) {
		return fmt.Errorf("ledger %s can't be read by this build: %w", path, err)
	}
	return fmt.Errorf("ledger %s %w: %w; put back a copy of it, or run \"tocsin recover quarantine --data-dir %s\", which moves it away, and start again: the node then finds out from the cluster what it had not yet notified, and --missed-notifications says what becomes of that", path, ErrDamaged, err, filepath.Dir(path))
}

// createIfMissing makes an empty ledger, whole or not at all: a file that is
// there but empty is therefore never one of ours.
func createIfMissing(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := writeFresh(path, newRecord())
	if err != nil {
		return err
	}
	return file.close()
}

// openExisting opens the file of a ledger, and finds out what bbolt would
// overlook or stumble over.
func openExisting(path string) (*boltFile, error) {
	// Nobody writes to it now: the data directory is locked by this process.
	switch err := boltcheck.File(path, nil); {
	case errors.Is(err, fs.ErrPermission):
		return nil, forbidden(path, err)
	case err != nil:
		return nil, damaged(path, err)
	}
	file, err := openBolt(path)
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("ledger %s is held by another process: is a second one running on this data directory?", path)
	case errors.Is(err, fs.ErrPermission):
		return nil, forbidden(path, err)
	case err != nil:
		return nil, damaged(path, err)
	}
	return file, nil
}

func forbidden(path string, err error) error {
	return fmt.Errorf("open ledger %s: %w; let it belong to the user who runs the node", path, err)
}

// openBolt opens the file, and lets go of it when bbolt panics over its
// contents: otherwise it would stay locked until this process ends.
func openBolt(path string) (*boltFile, error) {
	var f boltFile
	options := *bbolt.DefaultOptions
	options.Timeout = lockTimeout
	options.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		f.file, err = os.OpenFile(name, flag, mode)
		return f.file, err
	}
	panicked, err := boltcheck.Guarded("its structure is broken", func() (err error) {
		f.db, err = bbolt.Open(path, ledgerMode, &options)
		return err
	})
	if panicked && f.file != nil {
		err = errors.Join(err, f.file.Close())
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// writeFresh makes a file that holds r in the place of path, durably, and
// returns it open. Until all of it is on the disk nothing is changed at path.
func writeFresh(path string, r Record) (_ *boltFile, err error) {
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := openBolt(draft)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.close())
		}
	}()
	if err := file.update(func(tx *bbolt.Tx) error { return writeAll(tx, r) }); err != nil {
		return nil, err
	}
	if err := os.Rename(draft, path); err != nil {
		return nil, err
	}
	return file, fsync.Directory(filepath.Dir(path))
}

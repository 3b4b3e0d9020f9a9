package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// What lies beside the file, in names of ours: the lock, the memory, and new files
// until they are in their place.

// create makes an empty file beside the one that is kept.
func (w *work) create(mode fs.FileMode) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(w.file), filepath.Base(w.beside)+"-new-*")
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		discard(f)
		return nil, err
	}
	return f, nil
}

// place puts f in the place of name, for good: whoever reads that sees the old one
// or this one, whole.
func place(f *os.File, name string) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// discard removes what create has made, and does nothing if it is in its place.
func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// sweep removes what a run that was cut short has left of new files.
func (w *work) sweep() {
	left := regexp.MustCompile(`^` + regexp.QuoteMeta(filepath.Base(w.beside)) + `-new-[0-9]+$`)
	entries, err := os.ReadDir(filepath.Dir(w.file))
	if err != nil {
		return // what follows meets the same, and says so
	}
	for _, e := range entries {
		if left.MatchString(e.Name()) {
			_ = os.Remove(filepath.Join(filepath.Dir(w.file), e.Name()))
		}
	}
}

// recall reads what is remembered; nothing is, if the file is not there.
func recall(name string) (m memory, err error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, GiveUp{Err: fmt.Errorf("%s is damaged: %w: remove it, and an older event may be acted on once", name, err)}
	}
	return m, nil
}

// remember writes m for the next run.
func (w *work) remember(m memory) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := w.create(0o600)
	if err != nil {
		return err
	}
	defer discard(f)
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	return place(f, w.beside)
}

// lock waits until nobody else works on the file. The lock ends with us, whatever
// becomes of us; its file may then stay until the next run.
func lock(ctx context.Context, name string, timeout time.Duration) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		f, err := tryLock(name)
		if err != nil {
			return nil, err
		}
		if f != nil {
			return func() { discard(f) }, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("another run holds %s: try again when it has ended", name)
		}
	}
}

// tryLock returns the locked file of that name, nil if another run has it. Who has
// it removes it at the end: so one that was opened before may be the lock no more.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil && isNamed(f, name):
		return f, nil
	case err == nil, errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return nil, f.Close()
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
}

// isNamed reports whether f is what name leads to now.
func isNamed(f *os.File, name string) bool {
	ours, err1 := f.Stat()
	theirs, err2 := os.Lstat(name)
	return err1 == nil && err2 == nil && os.SameFile(ours, theirs)
}

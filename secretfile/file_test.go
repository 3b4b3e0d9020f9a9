package secretfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"tocsin/secretfile"
)

// TestCreate_OneOfManyMakesIt, however close they are, and what is there stays.
func TestCreate_OneOfManyMakesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			switch err := secretfile.Create(path, []byte{byte('a' + i)}); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d have made it", made.Load())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 1 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestCreate_FollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Create(filepath.Join(dir, "key"), []byte("s")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}

func TestGuarded(t *testing.T) {
	for mode, want := range map[fs.FileMode]bool{0o600: true, 0o640: true, 0o660: true, 0o644: false, 0o602: false, 0o601: false} {
		if secretfile.Guarded(mode) != want {
			t.Errorf("%o", mode)
		}
	}
}

package secretfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/secretfile"
)

// TestReplace_LetsInWhomTheOneBeforeDid, and nobody else.
func TestReplace_LetsInWhomTheOneBeforeDid(t *testing.T) {
	owner := os.Getuid()
	group := os.Getgid()
	if owner == 0 {
		owner, group = 1234, 4321
	}
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o400, 0o660, 0o644} {
		path := filepath.Join(t.TempDir(), "key")
		if err := secretfile.Create(path, []byte("old")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, owner, group); err != nil {
			t.Fatal(err)
		}
		if err := secretfile.Replace(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		is := info.Sys().(*syscall.Stat_t)
		if info.Mode() != mode || int(is.Uid) != owner || int(is.Gid) != group {
			t.Errorf("%v was replaced by %v of %d and %d", mode, info.Mode(), is.Uid, is.Gid)
		}
		holds(t, path, "new")
	}
}

func TestReplace_MakesOneThatIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := secretfile.Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	holds(t, path, "new")
}

// TestReplace_FollowsALink, which stays one, to a file and to nothing else.
func TestReplace_FollowsALink(t *testing.T) {
	dir := t.TempDir()
	key, link := filepath.Join(dir, "key"), filepath.Join(dir, "link")
	if err := os.WriteFile(key, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("key", link); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Replace(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, key, "new")
	if to, err := os.Readlink(link); err != nil || to != "key" {
		t.Errorf("%q, %v", to, err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Replace(link, []byte("new")); err == nil {
		t.Error("a link to nothing is replaced")
	}
	if err := secretfile.Replace(dir, []byte("new")); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a folder: %v", err)
	}
}

// holds requires what is in a file, and that it is alone with its links.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%s: %q, %v", path, text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(path) && e.Type()&fs.ModeSymlink == 0 {
			t.Errorf("there lies %s, too", e.Name())
		}
	}
}

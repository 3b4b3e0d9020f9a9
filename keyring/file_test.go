package keyring_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/keyring"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gossip.key")
	file := keyring.File(path)
	if _, err := file.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := file.Create(ring(a)); err != nil {
		t.Fatal(err)
	}
	if err := file.Create(ring(b)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	for _, want := range []keyring.Ring{ring(a), ring(b, a)} {
		if err := file.Save(want); err != nil {
			t.Fatal(err)
		}
		if got, err := file.Load(); err != nil || !got.Equal(want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v", info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := file.Save(ring(a)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("what its group could read it can't any more: %v, %v", info.Mode(), err)
	}
	for mode, says := range map[fs.FileMode]string{0o644: "chmod 600", 0o604: "chmod 600", 0o602: "chmod 600", 0o640: "", 0o400: ""} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Load(); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%03o: got %v, want %q", mode, err, says)
		}
	}
}

func TestFile_RefusesWhatIsNone(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, says string }{
		"empty": {"", "there is no key in it"},
		"long":  {strings.Repeat("#", 65<<10), "it is something else"},
		"wrong": {"hunter2", "line 1: this is no key"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.File(path).Load(); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.File(pipe).Load(); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := keyring.File(dir).Load(); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a directory: %v", err)
	}
}

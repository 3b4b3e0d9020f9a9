package secretfile_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tocsin/secretfile"
)

// TestReplace_RefusesWhatItCantKeep: who may make files beside one, and may not give
// them to its owner or group, changes nothing.
func TestReplace_RefusesWhatItCantKeep(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a file of somebody else's")
	}
	const writer = 1234
	for name, c := range map[string]struct{ uid, gid int }{"owner": {0, writer}, "group": {writer, 0}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "key")
			if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
				t.Fatal(err)
			}
			for _, at := range []string{filepath.Dir(dir), dir} {
				if err := os.Chown(at, writer, writer); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chown(path, c.uid, c.gid); err != nil {
				t.Fatal(err)
			}
			if err := as(writer, func() error { return secretfile.Replace(path, []byte("new")) }); err == nil || !strings.Contains(err.Error(), "chown it, or have it written by its owner") {
				t.Errorf("got %v", err)
			}
			holds(t, path, "old")
		})
	}
}

// as does it with the rights that a user has to files.
func as(user int, do func() error) error {
	done := make(chan error, 1) // so that who does it always ends
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with it, for its rights are gone
		if err := syscall.Setfsgid(user); err != nil {
			done <- err
			return
		}
		if err := syscall.Setfsuid(user); err != nil {
			done <- err
			return
		}
		done <- do()
	}()
	return <-done
}

// TestReplace_LosesNoList: of a file that has an access control list the mode says only
// half, and one that its folder gives to new files lets in whom the old one did not.
func TestReplace_LosesNoList(t *testing.T) {
	list := binary.LittleEndian.AppendUint32(nil, 2) // version; then tag, permissions and id of each
	for _, e := range []struct {
		tag, may uint16
		id       uint32
	}{{1, 6, ^uint32(0)}, {2, 4, 1234}, {4, 0, ^uint32(0)}, {16, 4, ^uint32(0)}, {32, 0, ^uint32(0)}} {
		list = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(list, e.tag), e.may)
		list = binary.LittleEndian.AppendUint32(list, e.id)
	}
	for _, of := range []string{"the file", "its folder"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "key")
		if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
			t.Fatal(err)
		}
		at, kind := path, "system.posix_acl_access"
		if of == "its folder" {
			at, kind = dir, "system.posix_acl_default"
		}
		if err := unix.Setxattr(at, kind, list, 0); err != nil {
			t.Skipf("no lists here: %v", err)
		}
		if err := secretfile.Replace(path, []byte("new")); err == nil || !strings.Contains(err.Error(), "access control list") {
			t.Errorf("%s: got %v", of, err)
		}
		holds(t, path, "old")
	}
}

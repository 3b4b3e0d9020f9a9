package account

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUser_MayRead_LongList: a list of more than a page of memory is read whole, for
// who stands at its end counts as well.
func TestUser_MayRead_LongList(t *testing.T) {
	const named = 600 // 4.8 KB

	dir, err := os.MkdirTemp("/dev/shm", "tocsin-list-") // a disk may have room for a block of it
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list := binary.LittleEndian.AppendUint32(nil, listVersion)
	add := func(tag tag, rights uint16, id uint32) {
		list = binary.LittleEndian.AppendUint16(list, uint16(tag))
		list = binary.LittleEndian.AppendUint16(list, rights)
		list = binary.LittleEndian.AppendUint32(list, id)
	}
	const nobody = 1<<32 - 1
	add(ofOwner, 6, nobody)
	for id := range uint32(named) {
		add(ofUser, 4, 70000+id)
	}
	add(ofOwnGroup, 0, nobody)
	add(mask, 4, nobody)
	add(ofOthers, 0, nobody)
	if err := unix.Setxattr(path, "system.posix_acl_access", list, 0); err != nil {
		t.Skipf("this file system keeps no such list: %v", err)
	}
	u := &User{Name: "last", UID: 70000 + named - 1, GID: 70000}
	if err := u.check(path, toRead); err != nil {
		t.Errorf("got %v, want it granted by the last name in the list", err)
	}
	u.UID++
	if u.check(path, toRead) == nil {
		t.Error("who is not in the list may read")
	}
}

package account

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// The rights, as three bits of a mode.
const (
	toRead = 0o4
	toRun  = 0o1
)

// Refusal is why a user may not do something to a file.
type Refusal struct {
	User *User
	// Path is what it is stopped at: the file, or a directory on the way to it.
	Path string
	// Right is the one that is missing: "r" or "x".
	Right string
}

func (r Refusal) Error() string {
	if r.Right == "r" {
		return fmt.Sprintf("%s can't read %s: chmod o+r %s, or give it to a group of that user", r.User, r.Path, r.Path)
	}
	return fmt.Sprintf("%s can't enter or run %s: chmod o+x %s, or setfacl -m u:%s:x %s", r.User, r.Path, r.Path, r.User.Name, r.Path)
}

// MayRun returns nil if u may run the file at that absolute path: get there, execute
// it and, as it is for whatever its first line names to read, read a script. It is a
// Refusal if it may not, or the error of looking.
func (u *User) MayRun(path string) error {
	if err := u.may(path, toRun); err != nil {
		return err
	}
	if !isScript(path) {
		return nil
	}
	return u.may(path, toRead)
}

// MayRead is MayRun for reading; a directory it may look into.
func (u *User) MayRead(path string) error { return u.may(path, toRead) }

// may asks for want of the file, and for the way to it: that of the path, and that of
// where its links lead.
func (u *User) may(path string, want uint16) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	ways := append(above(real), above(path)...)
	for _, dir := range ways {
		if err := u.check(dir, toRun); err != nil {
			return err
		}
	}
	return u.check(real, want)
}

// above returns the directories on the way to path, the root first.
func above(path string) (dirs []string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == filepath.Dir(dir) {
			slices.Reverse(dirs)
			return dirs
		}
	}
}

// check asks for want of what lies at path itself.
func (u *User) check(path string, want uint16) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	owned, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil // a system without owners
	}
	if u.UID == 0 || u.allowed(listOf(path, info), owned.Uid, owned.Gid)&want == want {
		return nil
	}
	r := Refusal{User: u, Path: path, Right: "x"}
	if want == toRead {
		r.Right = "r"
	}
	return r
}

// listOf returns the access list of a file: its own, or what its mode says.
func listOf(path string, info fs.FileInfo) []entry {
	if own := ownList(path); own != nil {
		return own
	}
	mode := uint16(info.Mode().Perm())
	return []entry{{tag: ofOwner, rights: mode >> 6 & 7}, {tag: ofOwnGroup, rights: mode >> 3 & 7}, {tag: ofOthers, rights: mode & 7}}
}

// isScript reports whether the file begins with #!. One that we can't read may.
func isScript(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer func() { _ = file.Close() }() // it was only read
	var first [2]byte
	_, err = io.ReadFull(file, first[:])
	return err == nil && string(first[:]) == "#!"
}

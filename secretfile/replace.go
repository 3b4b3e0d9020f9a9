package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"

	"tocsin/fsync"
)

// Replace puts a secret in the place of what path leads to, whole or not at all and
// through a power cut, and lets nobody read it who could not read what was there: the
// file has the owner, group and mode of the one before. Where that can't be kept
// nothing changes. A file that is not there yet is made as Create does. It takes the
// right to make files beside it.
func Replace(path string, secret []byte) error {
	path, before, err := placeOf(path)
	if err != nil {
		return err
	}
	file, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	if before != nil {
		err = liken(file.File, path, before)
	}
	if err == nil {
		_, err = file.Write(secret)
	}
	if err != nil {
		return errors.Join(err, file.Cleanup())
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return errors.Join(err, file.Cleanup())
	}
	return fsync.Directory(filepath.Dir(path))
}

// placeOf follows links, and returns what is there, nil if nothing is.
func placeOf(path string) (real string, before fs.FileInfo, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if real, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, err
	}
	if before, err = os.Lstat(real); err == nil && !before.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	return real, before, err
}

// liken has the new file belong to whom the one at path belongs, and let in whom that
// one lets in. The mode comes last: until then it is for its owner alone.
func liken(file *os.File, path string, before fs.FileInfo) error {
	now, err := file.Stat()
	if err != nil {
		return err
	}
	for _, name := range []string{path, file.Name()} { // the new one may have got a list from its folder
		if hasList(name) {
			return fmt.Errorf("%s has an access control list, which would be lost: take it away (setfacl -b), and from its folder (setfacl -k)", name)
		}
	}
	want, is := before.Sys().(*syscall.Stat_t), now.Sys().(*syscall.Stat_t)
	if want.Uid != is.Uid || want.Gid != is.Gid {
		if err := file.Chown(int(want.Uid), int(want.Gid)); err != nil {
			return fmt.Errorf("%s belongs to user %d and group %d, and who writes it is user %d and group %d, and may not keep that (%w): chown it, or have it written by its owner", path, want.Uid, want.Gid, is.Uid, is.Gid, errors.Unwrap(err))
		}
	}
	return file.Chmod(before.Mode().Perm())
}

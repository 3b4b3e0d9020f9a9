// Package fsync makes what was written to a directory last a power cut: that a file
// was made there, renamed or removed is on the disk only once the directory is.
package fsync

import (
	"errors"
	"os"
)

// Directory returns when all names in the directory are on the disk.
func Directory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

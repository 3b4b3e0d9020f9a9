package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Guarded reports whether a file of that mode keeps its secret from everybody. Its
// group may read it: that is how a file of root's is given to a service.
func Guarded(mode fs.FileMode) bool { return mode&0o007 == 0 }

// Create makes the file, for its owner alone to read. It replaces none: the error is
// then fs.ErrExist. After an error of another kind there is no file.
func Create(path string, secret []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and a secret is not replaced: %w", path, fs.ErrExist)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(secret)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

package keyring

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"tocsin/secretfile"
)

// maxFile is more than a file of keys needs, in bytes.
const maxFile = 64 << 10

// File is the path of a file that keeps a ring.
type File string

// Load reads the ring. A file that everybody on the machine can read is refused:
// what is in it is no secret any more.
func (f File) Load() (Ring, error) {
	file, err := os.OpenFile(string(f), os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not keep us
	if err != nil {
		return Ring{}, err
	}
	defer file.Close() // nothing is written by it: there is no error to miss
	info, err := file.Stat()
	switch {
	case err != nil:
		return Ring{}, err
	case !info.Mode().IsRegular():
		return Ring{}, fmt.Errorf("%s is no file", f)
	case !secretfile.Guarded(info.Mode()):
		return Ring{}, fmt.Errorf("%s can be read by everybody on this machine (%03o): chmod 600 %[1]s, and change the key if somebody may have", f, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Ring{}, err
	}
	if len(text) > maxFile {
		return Ring{}, fmt.Errorf("%s has more than %d bytes: it is something else", f, maxFile)
	}
	ring, err := Parse(string(text))
	if err != nil {
		return Ring{}, fmt.Errorf("%s: %w", f, err)
	}
	return ring, nil
}

// Save puts a ring in the place of what is there, which keeps its owner, group and
// mode, as secretfile.Replace does.
func (f File) Save(r Ring) error { return secretfile.Replace(string(f), []byte(r.Text())) }

// Create makes the file. It replaces none.
func (f File) Create(r Ring) error { return secretfile.Create(string(f), []byte(r.Text())) }

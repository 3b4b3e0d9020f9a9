//go:build linux

package hosttest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"tocsin/hosttest/lan"
)

//go:embed scripts
var scripts embed.FS

// node is one node through all its lives.
//
//	data/     its data directory, on a small disk if small
//	scripts/  verify.sh and notify.sh
//	world/    what verify.sh sees
//	behave    how notify.sh behaves
//	runs      what notify.sh has run
//	N.log     what life N printed
type node struct {
	name, site string
	host       *lan.Host
	dir        string
	small      bool
	binary     string
	flags      []string
	client     *http.Client

	// Of the test's goroutine.
	lives  []*life
	frozen bool
	fresh  bool // the next life starts with nothing on its disk
}

// data is the data directory as the node calls it.
func (n *node) data() string { return filepath.Join(n.dir, "data") }

// files is the data directory as this process calls it.
func (n *node) files() string { return n.host.Path(n.data()) }

// furnish makes the files of a node.
func (n *node) furnish() error {
	for _, name := range []string{"data", "world"} {
		if err := os.MkdirAll(filepath.Join(n.dir, name), 0o700); err != nil {
			return err
		}
	}
	if n.small {
		if err := n.host.SmallDisk(n.data(), smallDisk); err != nil {
			return fmt.Errorf("give %s a small disk: %w", n.name, err)
		}
	}
	n.fresh = true
	if err := os.CopyFS(n.dir, scripts); err != nil {
		return err
	}
	return errors.Join(
		fs.WalkDir(scripts, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return os.Chmod(filepath.Join(n.dir, path), 0o700)
		}),
		n.behave(behaviour{}),
	)
}

// behaviour is what notification scripts do.
type behaviour struct {
	takes   float64 // seconds, beside what starting it takes
	fails   int     // attempts that fail first
	refuses bool    // every run ends with 2
}

// behave changes what scripts do that start from now on.
func (n *node) behave(b behaviour) error {
	refuses := 0
	if b.refuses {
		refuses = 1
	}
	return replace(filepath.Join(n.dir, "behave"), fmt.Sprintf("%g %d %d\n", b.takes, b.fails, refuses))
}

// replace puts a file in the place of another at once: a script reads the one or
// the other.
func replace(name, text string) error {
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// life is the newest process of the node, nil before the first.
func (n *node) life() *life {
	if len(n.lives) == 0 {
		return nil
	}
	return n.lives[len(n.lives)-1]
}

// runs reports whether the node has a process.
func (n *node) runs() bool { return n.life() != nil && !n.life().over() }

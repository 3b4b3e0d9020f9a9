package node

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
)

// dataDir is the directory of one node's data, locked against every other
// process for as long as it is open.
//
//	lock            who uses it: held by flock, the process id inside
//	identity.json   whose data it is
//	raft.db         raft's log and votes
//	snapshots/      raft's snapshots
//	ledger.db       which notifications were started and finished
type dataDir struct {
	root     string
	lock     *os.File
	identity Identity
}

const (
	lockName     = "lock"
	identityName = "identity.json"
)

// openDataDir makes the directory if need be, locks it, and refuses it if it is
// another node's or if what it must hold is missing.
func openDataDir(root, node string) (*dataDir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir: make the directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(root, lockName))
	if err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	d := &dataDir{root: root, lock: lock}
	if err := d.readIdentity(node); err != nil {
		return nil, errors.Join(fmt.Errorf("--data-dir: %w", err), d.Close())
	}
	return d, nil
}

func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder := make([]byte, 32)
		length, _ := f.Read(holder)
		return nil, errors.Join(fmt.Errorf("%s is in use by process %s: stop that one, or choose another directory", filepath.Dir(path), strings.TrimSpace(string(holder[:length]))), f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// readIdentity reads whose data this is. A directory that knows its cluster
// must hold what it remembers of it: to start without would be to forget whom
// this node voted for.
func (d *dataDir) readIdentity(node string) error {
	path := d.path(identityName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(d.path(raftStoreName)); err == nil {
			return fmt.Errorf("%s holds data, but %s in it, which says whose, is missing: restore it from a backup, or move the directory away and start with --join", d.root, identityName)
		}
		return d.used(Identity{Node: node, Disk: rand.Text()})
	}
	if err != nil {
		return fmt.Errorf("read whose data it is: %w", err)
	}
	if err := json.Unmarshal(data, &d.identity); err != nil {
		return fmt.Errorf("%s is damaged (%w): restore it from a backup, or move %s away and start with --join", path, err, d.root)
	}
	if d.identity.Node != node {
		return fmt.Errorf("%s belongs to node %q, not to %q: choose another directory, or start with --node %s", d.root, d.identity.Node, node, d.identity.Node)
	}
	if d.identity.Cluster == "" {
		return d.used(d.identity)
	}
	if info, err := os.Stat(d.path(raftStoreName)); err != nil || info.Size() == 0 {
		return fmt.Errorf("%s belongs to a member of the cluster %s, but %s in it is missing or empty: restore it from a backup, or move the directory away and start with --join, so that the node comes in as a new member", d.root, d.identity.Cluster, raftStoreName)
	}
	return d.used(d.identity)
}

// used counts one more process that uses the directory.
func (d *dataDir) used(identity Identity) error {
	identity.Starts++
	d.identity = identity
	return d.Remember(identity)
}

// Identity returns whose data it is.
func (d *dataDir) Identity() Identity { return d.identity }

// Remember writes whose data it is, durably and all at once.
func (d *dataDir) Remember(identity Identity) error {
	data, err := json.MarshalIndent(identity, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(d.path(identityName), append(data, '\n'), 0o600)
}

// Close releases the lock.
func (d *dataDir) Close() error { return d.lock.Close() }

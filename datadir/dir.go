package datadir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tocsin/fsm"
	"tocsin/notify"
)

// Dir is the directory of one node's data, locked against every other
// process for as long as it is open.
//
//	lock            who uses it: held by flock, the process id inside
//	identity.json   whose data it is
//	ballot.key      what its ballots are signed by
//	raft.db         raft's log and votes
//	snapshots/      raft's snapshots
//	ledger.db       which notifications were started and finished
//	set-aside-…/    what tocsin recover has moved away
type Dir struct {
	root     string
	lock     *os.File
	identity Identity
}

const (
	lockName           = "lock"
	raftStoreName      = "raft.db"
	ledgerName         = "ledger.db"
	snapshotFolderName = "snapshots"
)

// Open makes the directory if need be, locks it, and refuses it if it is
// another node's or if what it must hold is missing.
func Open(root, node string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir: make the directory: %w", err)
	}
	d, err := lockDir(root)
	if err != nil {
		return nil, err
	}
	if err := d.identify(node); err != nil {
		return nil, errors.Join(fmt.Errorf("--data-dir: %w", err), d.Close())
	}
	return d, nil
}

// OpenExisting locks a directory that holds the data of a node that does not run,
// whichever that is, and reads its identity.
func OpenExisting(root string) (*Dir, error) {
	d, err := lockExisting(root)
	if err != nil {
		return nil, err
	}
	d.identity, err = readIdentity(root)
	switch {
	case err == nil:
		return d, nil
	case !errors.Is(err, fsm.ErrTooNew):
		err = fmt.Errorf("%w: run \"tocsin recover quarantine --data-dir %s\" first, which writes it anew", err, root)
	}
	return nil, errors.Join(err, d.Close())
}

// lockDir locks a directory that exists, whatever is in it.
func lockDir(root string) (*Dir, error) {
	lock, err := lockFile(filepath.Join(root, lockName))
	if err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	return &Dir{root: root, lock: lock}, nil
}

// lockFile does not wait: whoever holds the lock holds it for long.
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

// identify finds out whose data this is. A directory that knows its cluster must
// hold what it remembers of it: to start without would be to forget whom this
// node voted for.
func (d *Dir) identify(node string) error {
	var err error
	d.identity, err = readIdentity(d.root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && d.has(raftStoreName):
		// It is written before there is a store.
		return d.refuse(fmt.Errorf("%s in %s is missing, but there is a %s: whose it is can't be told", identityName, d.root, raftStoreName))
	case errors.Is(err, fs.ErrNotExist):
		return d.used(Identity{Node: node, Disk: rand.Text()})
	case errors.Is(err, fsm.ErrTooNew):
		return err // nothing is wrong with the data
	case err != nil:
		return d.refuse(err)
	case d.identity.Node != node:
		return fmt.Errorf("%s belongs to node %q, not to %q: choose another directory, or start with --node %s", d.root, d.identity.Node, node, d.identity.Node)
	case d.identity.Cluster != "" && !d.identity.SetAside && !d.has(raftStoreName):
		return d.refuse(fmt.Errorf("%s belongs to a member of the cluster %s, but %s in it is missing", d.root, d.identity.Cluster, raftStoreName))
	}
	return d.used(d.identity)
}

// used counts one more process that uses the directory.
func (d *Dir) used(identity Identity) error {
	identity.Starts++
	return d.Remember(identity)
}

// refuse adds to what is wrong with the data what can be done about it.
func (d *Dir) refuse(err error) error {
	return fmt.Errorf("%w: put the whole directory back from a copy that no start has followed, or, as long as a majority of the other nodes is up, run \"tocsin recover quarantine --data-dir %s\" and start again with --join: the node then comes in as a new member", err, d.root)
}

// Identity returns whose data it is.
func (d *Dir) Identity() Identity { return d.identity }

// Remember writes whose data it is, durably and all at once.
func (d *Dir) Remember(identity Identity) error {
	if err := writeIdentity(d.root, identity); err != nil {
		return err
	}
	d.identity = identity
	return nil
}

// Close releases the lock.
func (d *Dir) Close() error { return d.lock.Close() }

// OpenLedger opens the ledger of the notifications. The error wraps
// notify.ErrDamaged if it can't be trusted.
func (d *Dir) OpenLedger() (*notify.BoltLedger, error) { return notify.OpenLedger(d.path(ledgerName)) }

func (d *Dir) path(name string) string { return filepath.Join(d.root, name) }

// has reports whether there is a file of that name. What can't be told counts
// as there: whoever opens it will find out.
func (d *Dir) has(name string) bool {
	_, err := os.Lstat(d.path(name))
	return !errors.Is(err, fs.ErrNotExist)
}

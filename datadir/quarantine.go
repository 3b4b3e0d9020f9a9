package datadir

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tocsin/fsm"
	"tocsin/fsync"
	"tocsin/notify"
	"tocsin/raftstore"
)

// setAsidePrefix is what the folders begin with that hold what was set aside; when
// that was follows.
const setAsidePrefix = "set-aside-"

// Quarantine says what to do with the data of a node that does not run.
type Quarantine struct {
	DataDir string
	// Node is the name of the node, for when the data no longer tell.
	Node string
	// All sets everything aside but the name and the key of the ballots, whether it
	// is damaged or not.
	All    bool
	Logger *slog.Logger // nil discards
}

// Quarantined is what was done.
type Quarantined struct {
	Node    string
	Cluster string   // "" if the data did not tell
	Damage  []error  // what was found
	Moved   []string // what was set aside; empty if nothing was damaged
	Folder  string   // where it is now
	// Rejoin says that the node has to come in again as a new member.
	Rejoin bool
}

// SetAside moves what is damaged into a folder of its own within the data
// directory, so that the node can start again, and deletes nothing. As little is
// moved as will do:
//
//	the ledger         alone: what had not been notified is found out from the
//	                   cluster
//	identity.json      alone: it is written anew from what the raft store says
//	raft.db, snapshots together, for neither is of use without the other; the
//	                   node then keeps its name and its cluster, and comes in as
//	                   a new member
//
// It is refused while the node runs. It can be repeated after a crash in the
// middle.
func (q Quarantine) SetAside() (done Quarantined, err error) {
	d, err := lockExisting(q.DataDir)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	c, err := d.examine(cmp.Or(q.Logger, slog.New(slog.DiscardHandler)))
	if err != nil {
		return done, err
	}
	done.Damage = c.damage()
	names, identity, err := q.plan(c)
	if err != nil || len(names) == 0 {
		done.Node, done.Cluster = identity.Node, identity.Cluster
		return done, err
	}
	folder := d.path(setAsidePrefix + time.Now().UTC().Format("20060102T150405.000Z"))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return done, fmt.Errorf("make a folder for what is set aside: %w", err)
	}
	// The identity first: from here on the rest may be missing.
	if names[0] == identityName {
		if err := d.moveTo(folder, identityName); err != nil {
			return done, err
		}
		names = names[1:]
		done.Moved = append(done.Moved, identityName)
	}
	if err := d.Remember(identity); err != nil {
		return done, err
	}
	for _, name := range names {
		if err := d.moveTo(folder, name); err != nil {
			return done, err
		}
		done.Moved = append(done.Moved, name)
	}
	done.Node, done.Cluster, done.Rejoin, done.Folder = identity.Node, identity.Cluster, identity.SetAside, folder
	return done, errors.Join(fsync.Directory(folder), fsync.Directory(d.root))
}

// plan decides which files are moved, the identity first, and what the identity
// will be. It touches nothing.
// A lost identity means a new name for the disk: how often it was started can't
// be told, and the cluster refuses a disk that has gone back.
func (q Quarantine) plan(c condition) (names []string, identity Identity, err error) {
	identity = c.identity
	storage := q.All || c.storage != nil
	if c.whose != nil {
		identity = Identity{Node: cmp.Or(c.owner, q.Node), Cluster: c.cluster, Disk: rand.Text()}
		if identity.Node == "" {
			return nil, identity, fmt.Errorf("%w: say with --node which node it is", c.whose)
		}
		if err := fsm.ValidateNodeName(identity.Node); err != nil {
			return nil, identity, fmt.Errorf("--node: %w", err)
		}
		names = append(names, identityName)
	}
	if q.Node != "" && q.Node != identity.Node {
		return nil, identity, fmt.Errorf("--node: the data are those of node %q, not of %q", identity.Node, q.Node)
	}
	if storage {
		identity.SetAside = true
		names = append(names, raftStoreName, snapshotFolderName)
	}
	// A ledger of a cluster that is not known could be that of another one.
	if q.All || c.ledger != nil || storage && identity.Cluster == "" {
		names = append(names, ledgerName)
	}
	return names, identity, nil
}

// moveTo moves name into folder, if it is there.
func (d *Dir) moveTo(folder, name string) error {
	err := os.Rename(d.path(name), filepath.Join(folder, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("set %s aside: %w", name, err)
	}
	return nil
}

// condition is what was found in a data directory. An error is nil for what is
// whole.
type condition struct {
	identity               Identity
	whose, storage, ledger error
	owner, cluster         string // as the raft store tells, if that is whole
}

func (c condition) damage() (all []error) {
	for _, err := range []error{c.whose, c.storage, c.ledger} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// examine finds out what is damaged. The error is one that does not come from
// damage, and says nothing about the data.
func (d *Dir) examine(log *slog.Logger) (c condition, err error) {
	c.identity, err = readIdentity(d.root)
	d.identity = c.identity
	if _, damaged := errors.AsType[*damagedIdentity](err); damaged || errors.Is(err, fs.ErrNotExist) {
		c.whose = err
	} else if err != nil {
		return c, err
	}
	if c.storage, err = d.examineStorage(&c, log); err != nil {
		return c, err
	}
	if !d.has(ledgerName) {
		return c, nil
	}
	ledger, err := d.OpenLedger()
	switch {
	case errors.Is(err, notify.ErrDamaged):
		c.ledger = err
		return c, nil
	case err != nil:
		return c, err
	}
	return c, ledger.Close()
}

// examineStorage returns what is wrong with the raft store and the snapshots,
// and what they tell if nothing is.
func (d *Dir) examineStorage(c *condition, log *slog.Logger) (damage, err error) {
	if !d.has(raftStoreName) {
		if c.identity.Cluster != "" && !c.identity.SetAside || d.has(snapshotFolderName) {
			return fmt.Errorf("%s is missing", d.path(raftStoreName)), nil
		}
		return nil, nil
	}
	s, err := d.OpenStorage(log)
	if damage, ok := errors.AsType[*raftstore.Damage](err); ok {
		return damage, nil // without what can be done: that is being done
	}
	if errors.Is(err, raftstore.ErrForeign) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if c.owner, err = s.Store.Owner(); err != nil || s.last == 0 {
		return nil, err
	}
	r, err := s.Replay(cmp.Or(c.owner, c.identity.Node, "unknown"))
	if errors.Is(err, fsm.ErrTooNew) {
		return nil, err
	}
	if err != nil {
		return err, nil // it is whole, and can't be used all the same
	}
	c.cluster = r.Machine.View().ClusterID()
	return nil, nil
}

// lockExisting locks a directory that holds the data of a node.
func lockExisting(root string) (*Dir, error) {
	d := &Dir{root: root}
	if !d.has(identityName) && !d.has(raftStoreName) {
		return nil, fmt.Errorf("--data-dir: %s holds no data of a node: give the directory that the agent was started with", root)
	}
	return lockDir(root)
}

package datadir

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/hcslog"
	"tocsin/raftstore"
)

const snapshotsKept = 2

// Storage is what raft keeps on the disk, verified and open until Close.
type Storage struct {
	Store     *raftstore.Store
	Snapshots *raftstore.Snapshots
	snapshot  uint64 // the index that the newest snapshot reaches
	last      uint64 // the index that snapshots and log reach
}

// OpenStorage verifies and opens the raft store and the snapshots of d. What is
// damaged is refused, and nothing is changed.
func (d *Dir) OpenStorage(log *slog.Logger) (_ Storage, err error) {
	newest, err := raftstore.CheckSnapshots(d.root)
	if err != nil {
		return Storage{}, d.explain(err)
	}
	started := time.Now()
	store, err := raftstore.Open(raftstore.Config{
		Path: d.path(raftStoreName), Owner: d.identity.Node,
		Progress: func(verified, all uint64) {
			log.Info("the raft log is being verified", "verified", verified, "entries", all)
		},
	})
	if err != nil {
		return Storage{}, d.explain(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	last, err := fits(store, newest, d.identity)
	if err != nil {
		return Storage{}, d.explain(err)
	}
	log.Debug("the raft store is whole", "last", last, "snapshot", newest, "duration", time.Since(started).Round(time.Millisecond))
	snapshots, err := raftstore.OpenSnapshots(d.root, snapshotsKept, hcslog.New(log))
	if err != nil {
		return Storage{}, err
	}
	return Storage{store, snapshots, newest, last}, nil
}

// Close closes what is open of it. It may be called once.
func (s Storage) Close() error { return s.Store.Close() } // snapshots are open only while one is read or written

// fits checks that log and newest snapshot together lack nothing, and returns
// the index that they reach. Each may be whole while the other has vanished.
func fits(store *raftstore.Store, snapshot uint64, identity Identity) (last uint64, err error) {
	first, last := store.Found()
	damaged := func(format string, args ...any) (uint64, error) {
		return 0, &raftstore.Damage{Path: identity.Node + "'s raft data", Cause: fmt.Errorf(format, args...)}
	}
	switch {
	case last > 0 && first > snapshot+1 && snapshot > 0:
		return damaged("the log begins with entry %d, and the newest snapshot ends with entry %d: what lies between is missing", first, snapshot)
	case last > 0 && first > snapshot+1:
		return damaged("the log begins with entry %d, and there is no snapshot of what was before", first)
	case last == 0 && snapshot == 0 && identity.Cluster != "" && !identity.SetAside:
		return damaged("it is that of a member of the cluster %s, and there is neither an entry nor a snapshot", identity.Cluster)
	}
	return max(last, snapshot), nil
}

// explain adds what can be done about it to an error that says that data are
// damaged.
func (d *Dir) explain(err error) error {
	if _, damaged := errors.AsType[*raftstore.Damage](err); damaged {
		return d.refuse(err)
	}
	return err
}

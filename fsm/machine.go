package fsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Machine is what raft applies entries to. View may be called from any
// goroutine and takes no lock; the other methods of raft.FSM are for raft, one
// at a time, as it promises.
type Machine struct {
	dialect Dialect
	view    atomic.Pointer[View]

	halt   sync.Once
	halted chan struct{}
	cause  error // read only after halted is closed
}

// NewMachine returns a Machine with nothing in it.
func NewMachine() *Machine { return Dialect{}.NewMachine() }

// NewMachine is the function NewMachine, in this dialect.
func (d Dialect) NewMachine() *Machine {
	m := &Machine{dialect: d, halted: make(chan struct{})}
	m.view.Store(emptyView())
	return m
}

// View returns the newest View.
func (m *Machine) View() *View { return m.view.Load() }

// Await waits until a View fulfils what is asked of it, or ctx ends.
func (m *Machine) Await(ctx context.Context, fulfils func(*View) bool) error {
	for {
		view := m.View()
		if fulfils(view) {
			return nil
		}
		select {
		case <-view.Superseded():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Halted is closed when an entry came that this build can't apply. From then
// on the View stands still, and the node has to be stopped: Err says why.
func (m *Machine) Halted() <-chan struct{} { return m.halted }

// Err returns why the Machine halted, nil if it did not.
func (m *Machine) Err() error {
	select {
	case <-m.halted:
		return m.cause
	default:
		return nil
	}
}

// Apply implements raft.FSM. It returns []Result, one for each command of the
// entry, or an error: a *Refusal of the whole entry, which nobody reads because
// not everybody could, or why the Machine is halted.
func (m *Machine) Apply(log *raft.Log) any {
	if err := m.Err(); err != nil {
		return err
	}
	base := m.View()
	e := entry{index: log.Index, term: log.Term, now: time.Now()}
	takes, err := protocolOf(log.Data)
	if err != nil {
		return m.unreadable(log.Index, err)
	}
	// Before it is read, for not everybody can: all do the same.
	refused := base.withhold("the entry", takes)
	if refused == nil {
		e.protocol = takes
		if e.commands, err = m.dialect.Decode(log.Data); err != nil {
			return m.unreadable(log.Index, err)
		}
	}
	next, results, notify := apply(base, e)
	m.view.Store(next)
	notify()
	if refused != nil {
		return refused
	}
	return results
}

// setAside is the way out when this node's disk is to blame. Moving the directory
// away by hand is not: a node that is to found a cluster would find nothing and
// found another one.
const setAside = "stop the node, run \"tocsin recover quarantine --all\" with its --data-dir, and start it again with --join: it then comes in as a new member"

// unreadable halts the Machine at an entry.
func (m *Machine) unreadable(index uint64, err error) error {
	if errors.Is(err, ErrTooNew) {
		m.stop(fmt.Errorf("entry %d of the replicated log can't be applied: %w; install the version of the other nodes here and start again, nothing is lost", index, err))
	} else {
		m.stop(fmt.Errorf("entry %d of the replicated log can't be applied: %w; if a newer build wrote it, install that here and start again, nothing is lost; if not, the log on this node's disk is damaged: %s", index, err, setAside))
	}
	return m.cause
}

func (m *Machine) stop(cause error) {
	m.halt.Do(func() {
		m.cause = cause
		close(m.halted)
	})
}

// Snapshot implements raft.FSM. It takes no time: a View is a snapshot.
func (m *Machine) Snapshot() (raft.FSMSnapshot, error) {
	if err := m.Err(); err != nil {
		return nil, err
	}
	return snapshot{m.View()}, nil
}

// Restore implements raft.FSM. The new state is built aside and takes the
// place of the old one only when all of it has been read and its checksum
// holds. After an error the View is the one from before. A snapshot by a newer
// build that this one can't read halts the Machine: it would come again.
func (m *Machine) Restore(from io.ReadCloser) (err error) {
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := m.Err(); err != nil {
		return err
	}
	next, err := readSnapshot(from, time.Now(), m.dialect)
	if errors.Is(err, ErrTooNew) {
		m.stop(fmt.Errorf("a snapshot of the cluster's state can't be read: %w; install the version of the other nodes here and start again, nothing is lost", err))
		return m.cause
	}
	if err != nil {
		return fmt.Errorf("restore the state from a snapshot: %w; nothing of it was taken over: if it is on this node's disk, %s", err, setAside)
	}
	before := m.View()
	if before.index > next.index {
		// Back into the past: whoever knows a later View of a history that is
		// no more has to look at everything, even when the numbers fit again.
		next.forgotten, next.reportsForgotten = before.index+1, before.index+1
	}
	m.view.Store(next)
	close(before.superseded)
	close(before.settingsReplaced)
	wakeAll(before)
	return nil
}

// wakeAll closes every channel that WatchKey and WatchPrefix of v handed out.
func wakeAll(v *View) {
	txn := v.endpoints.Txn()
	txn.TrackMutate(true)
	txn.DeletePrefix(nil)
	txn.CommitOnly()
	txn.Notify()
}

// snapshot implements raft.FSMSnapshot.
type snapshot struct{ view *View }

// Persist writes the snapshot, while Apply goes on.
func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := writeSnapshot(sink, s.view); err != nil {
		return errors.Join(fmt.Errorf("write snapshot: %w", err), sink.Cancel())
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot; there is nothing to release.
func (snapshot) Release() {}

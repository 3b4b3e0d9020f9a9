package fsm

import (
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
	view atomic.Pointer[View]

	halt   sync.Once
	halted chan struct{}
	cause  error // read only after halted is closed
}

// NewMachine returns a Machine with nothing in it.
func NewMachine() *Machine {
	m := &Machine{halted: make(chan struct{})}
	m.view.Store(emptyView())
	return m
}

// View returns the newest View.
func (m *Machine) View() *View { return m.view.Load() }

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
// entry, or an error if the Machine is halted.
func (m *Machine) Apply(log *raft.Log) any {
	if err := m.Err(); err != nil {
		return err
	}
	commands, err := Decode(log.Data)
	if err != nil {
		m.stop(fmt.Errorf("entry %d of the replicated log can't be applied: %w; if a newer build wrote it, install that here and start again, nothing is lost; if not, the log on this node's disk is damaged: move its data directory away and let the node join again", log.Index, err))
		return m.cause
	}
	base := m.View()
	next, results, notify := apply(base, entry{index: log.Index, term: log.Term, commands: commands, now: time.Now()})
	m.view.Store(next)
	notify()
	return results
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
// holds. After an error the View is the one from before.
func (m *Machine) Restore(from io.ReadCloser) (err error) {
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := m.Err(); err != nil {
		return err
	}
	next, err := readSnapshot(from, time.Now())
	if err != nil {
		return fmt.Errorf("restore the state from a snapshot: %w; nothing of it was taken over: if it is on this node's disk, move the data directory away and let the node join again", err)
	}
	before := m.View()
	if before.index > next.index {
		// Back into the past: whoever knows a later View of a history that is
		// no more has to look at everything, even when the numbers fit again.
		next.forgotten = before.index + 1
	}
	m.view.Store(next)
	close(before.superseded)
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

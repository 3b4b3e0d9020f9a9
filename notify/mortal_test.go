package notify_test

import (
	"errors"
	"fmt"
	"sync"

	"tocsin/notify"
)

// mortal is a disk that can be told to crash at one of the next writes or
// starts of a script, or to fail.
type mortal struct {
	*notify.MemoryLedger
	stage *stage

	mu      sync.Mutex
	writes  int  // crash at that write from now, 0 for never
	late    bool // after it rather than before
	broken  bool // every write fails
	starts  int  // crash at that start from now, 0 for never
	crashed *notify.MemoryLedger
}

var errDisk = errors.New("input/output error")

func (m *mortal) set(writes int, late, broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes, m.late, m.broken = writes, late, broken
}

func (m *mortal) killAtStart(starts int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starts = starts
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.die()
}

func (m *mortal) die() {
	if m.crashed == nil {
		m.crashed = m.Crash()
	}
}

// remains returns what a crash left on the disk, nil if there was none.
func (m *mortal) remains() *notify.MemoryLedger {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.crashed
}

// starting is called when a script is about to start.
func (m *mortal) starting() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.starts--; m.starts == 0 {
		m.die()
		m.stage.happened("crash at a start")
	}
}

// Write implements notify.Ledger.
func (m *mortal) Write(b notify.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		m.stage.happened("ledger failed")
		return errDisk
	}
	if m.crashed != nil {
		return errDisk
	}
	m.writes--
	now := m.writes == 0
	if now && !m.late {
		m.die()
		m.stage.happened("crash before a write")
		return errDisk
	}
	before, err := m.Load()
	if err != nil {
		return err
	}
	if err := m.MemoryLedger.Write(b); err != nil {
		return err
	}
	m.note(before, b)
	if now {
		m.die()
		m.stage.happened("crash after a write")
		return errDisk
	}
	return nil
}

// note remembers which attempts have durably ended with b.
func (m *mortal) note(before notify.Record, b notify.Batch) {
	m.stage.guard.Lock()
	defer m.stage.guard.Unlock()
	for id, e := range b.Entries {
		old, there := before.Entries[id]
		if there && old.Stage == notify.Started && (e == nil || e.Stage == notify.Waiting) {
			m.stage.ended[fmt.Sprintf("%d/%d/%d", m.stage.lives, id, old.Attempt)] = true
		}
	}
}

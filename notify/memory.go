package notify

import (
	"errors"
	"sync"
)

// MemoryLedger is a Ledger for tests: it keeps what was written for as long as
// the process lives, and can be made to die as a machine does. It may be used
// by several goroutines.
type MemoryLedger struct {
	mu     sync.Mutex
	record Record
	dead   bool
}

var errCrashed = errors.New("the ledger's machine has crashed")

// NewMemoryLedger returns a ledger with nothing in it, for tests.
func NewMemoryLedger() *MemoryLedger { return &MemoryLedger{record: newRecord()} }

// Crash returns what the disk holds after a crash, as a new ledger: all that
// was written and nothing else. The old one, and whoever still uses it, gets
// only errors from here on.
func (l *MemoryLedger) Crash() *MemoryLedger {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	return &MemoryLedger{record: l.record.clone()}
}

// Copy returns another ledger that holds the same.
func (l *MemoryLedger) Copy() *MemoryLedger {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &MemoryLedger{record: l.record.clone()}
}

// Load implements Ledger.
func (l *MemoryLedger) Load() (Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return Record{}, errCrashed
	}
	return l.record.clone(), nil
}

// Write implements Ledger.
func (l *MemoryLedger) Write(b Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errCrashed
	}
	l.record.apply(b)
	return nil
}

// Close implements Ledger. What was written stays and can be loaded again.
func (l *MemoryLedger) Close() error { return nil }

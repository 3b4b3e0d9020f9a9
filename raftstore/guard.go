package raftstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// defaultLimit is how long one write may take.
	defaultLimit = 30 * time.Second
	// slowWrite is how long a write may take before readiness speaks of it.
	slowWrite = 5 * time.Second
	// fullPause is how often a full disk is tried again.
	fullPause = time.Second
)

// GuardConfig says what a Guard stands before.
type GuardConfig struct {
	Log    raft.LogStore
	Stable raft.StableStore
	// Limit is how long one write may take, its sync included; 0 means 30 s.
	Limit time.Duration
	// Wrote hears how long each write took that has come back; nil: nobody
	// does. It must be quick, and is called from many goroutines.
	Wrote func(time.Duration)
	// Logger is told when the disk is full, and when it no longer is; nil
	// discards it.
	Logger *slog.Logger
}

// Guard is the LogStore and the StableStore that raft is given. What it does
// with the errors of those behind it:
//
//   - No room: a write of entries fails, and raft steps back and tries again by
//     itself. A write of the term is tried again here until there is room, for
//     raft would panic; until then this node neither votes nor leads. Both are
//     logged once, and Trouble tells.
//   - Any other error of a write, and damage found by a read, ends the node: Run
//     returns it. What a disk that has once failed to write still says of
//     earlier writes is worth nothing, so no more is written.
//   - A write that has not come back within the limit does the same.
//
// Where raft would panic at an error, it does not get one: the goroutine of raft
// that asked ends there (runtime.Goexit, so that its deferred calls are made).
// Raft is of no use without it, and by then the node is being stopped.
type Guard struct {
	cfg GuardConfig
	log *slog.Logger

	released chan struct{} // closed by Release
	failed   chan struct{} // closed by fail, when cause is set
	once     sync.Once     // for failed
	release  sync.Once
	cause    error // read only after failed is closed

	mu     sync.Mutex
	full   string                // the kind of write that found no room; "" if there is
	writes map[*string]time.Time // those under way, by what they are
}

var (
	_ raft.LogStore    = (*Guard)(nil)
	_ raft.StableStore = (*Guard)(nil)
)

// NewGuard returns a Guard of stores that are open. They are closed by whoever
// opened them, after Release.
func NewGuard(cfg GuardConfig) *Guard {
	cfg.Limit = cmp.Or(cfg.Limit, defaultLimit)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Wrote == nil {
		cfg.Wrote = func(time.Duration) {}
	}
	return &Guard{
		cfg: cfg, log: cfg.Logger,
		released: make(chan struct{}), failed: make(chan struct{}),
		writes: map[*string]time.Time{},
	}
}

// Run waits until ctx ends, or until the store can't be relied on any more, and
// returns why.
func (g *Guard) Run(ctx context.Context) error {
	select {
	case <-g.failed:
		return g.cause
	case <-ctx.Done():
		return nil
	}
}

// Err returns why the store can't be relied on any more, nil while it can.
func (g *Guard) Err() error {
	select {
	case <-g.failed:
		return g.cause
	default:
		return nil
	}
}

// Release ends all waiting for a full disk, and all panics of raft over a store
// that is closed: call it before raft is shut down. It may be called again.
func (g *Guard) Release() { g.release.Do(func() { close(g.released) }) }

// Trouble says in a sentence what keeps raft from writing at the moment, "" if
// nothing does.
func (g *Guard) Trouble() string {
	if err := g.Err(); err != nil {
		return err.Error()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for what, since := range g.writes {
		if took := time.Since(since); took > slowWrite {
			return fmt.Sprintf("%s has taken %v so far: the disk is slow, or hangs; after %v this node ends", *what, took.Round(time.Second), g.cfg.Limit)
		}
	}
	if g.full != "" {
		return "the disk is full: nothing can be written to the raft log until there is room"
	}
	return ""
}

// FirstIndex implements raft.LogStore.
func (g *Guard) FirstIndex() (uint64, error) {
	index, err := g.cfg.Log.FirstIndex()
	return index, g.checked(err)
}

// LastIndex implements raft.LogStore.
func (g *Guard) LastIndex() (uint64, error) {
	index, err := g.cfg.Log.LastIndex()
	return index, g.checked(err)
}

// GetLog implements raft.LogStore. The only error it returns is
// raft.ErrLogNotFound.
func (g *Guard) GetLog(index uint64, into *raft.Log) error {
	err := g.cfg.Log.GetLog(index, into)
	if err == nil || errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	g.fail(fmt.Errorf("read the raft log: %w", err))
	runtime.Goexit() // raft panics when it can't read what it applies
	return err
}

// StoreLog implements raft.LogStore.
func (g *Guard) StoreLog(l *raft.Log) error { return g.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (g *Guard) StoreLogs(logs []*raft.Log) error {
	return g.write(logWrite, func() error { return g.cfg.Log.StoreLogs(logs) })
}

// DeleteRange implements raft.LogStore.
func (g *Guard) DeleteRange(first, last uint64) error {
	return g.write("the compaction of the raft log", func() error { return g.cfg.Log.DeleteRange(first, last) })
}

// Set implements raft.StableStore.
func (g *Guard) Set(key, value []byte) error {
	return g.write("the write of a vote", func() error { return g.cfg.Stable.Set(key, value) })
}

// Get implements raft.StableStore.
func (g *Guard) Get(key []byte) ([]byte, error) {
	value, err := g.cfg.Stable.Get(key)
	return value, g.checked(err)
}

// SetUint64 implements raft.StableStore. It returns when the value is written,
// and else not at all: raft panics when it can't write the term.
func (g *Guard) SetUint64(key []byte, value uint64) error {
	// Raft begins by writing the term that it has just read. Where that had to
	// wait, for room or for a disk that hangs, no node would come up to say so.
	if before, err := g.cfg.Stable.GetUint64(key); err == nil && before == value {
		return nil
	}
	for {
		err := g.write("the write of the term", func() error { return g.cfg.Stable.SetUint64(key, value) })
		switch {
		case err == nil:
			return nil
		case !IsFull(err):
			runtime.Goexit()
		}
		select {
		case <-time.After(fullPause):
		case <-g.released:
			runtime.Goexit()
		}
	}
}

// GetUint64 implements raft.StableStore.
func (g *Guard) GetUint64(key []byte) (uint64, error) {
	value, err := g.cfg.Stable.GetUint64(key)
	return value, g.checked(err)
}

// checked notes damage that was read. Raft can live with this error.
func (g *Guard) checked(err error) error {
	if damage, ok := errors.AsType[*Damage](err); ok {
		g.fail(fmt.Errorf("read the raft store: %w", damage))
	}
	return err
}

// write does one write, watches over how long it takes, and notes how it ended.
func (g *Guard) write(what string, do func() error) error {
	if err := g.Err(); err != nil {
		return err
	}
	watch := time.AfterFunc(g.cfg.Limit, func() {
		g.fail(fmt.Errorf("%s has not come back for %v: the disk hangs, and the node ends so that the others can go on without it: look at the disk of --data-dir, then start the node again", what, g.cfg.Limit))
	})
	defer watch.Stop()
	began := time.Now()
	g.began(&what, began)
	err := do()
	g.cfg.Wrote(time.Since(began))
	g.ended(&what, IsFull(err))
	if err == nil || IsFull(err) {
		return err
	}
	g.fail(fmt.Errorf("%s has failed, and nothing on this disk can be relied on now: look at the disk of --data-dir, then start the node again: %w", what, err))
	return err
}

func (g *Guard) began(what *string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes[what] = at
}

// logWrite is the largest kind of write, and the most frequent.
const logWrite = "a write to the raft log"

// ended notes the end of a write. That there is room again is told by a write of
// the kind that found none, for a smaller one may fit all the time, or by one to
// the log: a vote may not be asked for again in weeks.
func (g *Guard) ended(what *string, full bool) {
	g.mu.Lock()
	delete(g.writes, what)
	before := g.full
	switch {
	case full && before == "":
		g.full = *what
	case !full && (*what == before || *what == logWrite):
		g.full = ""
	}
	now := g.full
	g.mu.Unlock()
	switch {
	case before == "" && now != "":
		g.log.Error("the disk is full: this node can write nothing to the raft log until there is room", "write", *what)
	case before != "" && now == "":
		g.log.Info("there is room on the disk again")
	}
}

// fail ends the node, if it is not being stopped already.
func (g *Guard) fail(cause error) {
	select {
	case <-g.released:
		return
	default:
	}
	g.once.Do(func() {
		g.cause = cause
		close(g.failed)
	})
}

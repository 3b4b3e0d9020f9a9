package simdisk

import (
	"errors"
	"sync"
	"time"
)

// syncTakes is how long a sync takes when nothing is wrong, on average.
const syncTakes = time.Millisecond

var errEnded = errors.New("the process that had this disk open has ended")

// data is what is in a file.
type data[T any] interface{ clone() T }

// file is one file as one process has it open.
type file[T data[T]] struct {
	of   Part
	ill  *ailments
	dead <-chan struct{} // closed when the process has ended
	turn chan struct{}   // cap 1: full while a transaction is under way

	mu       sync.RWMutex
	closed   bool // dead is closed, or will be at once
	seen     T    // by the process
	durable  T    // what the last sync has left
	unsynced []func(T)
}

func newFile[T data[T]](of Part, d *Disk, seen, durable T) *file[T] {
	return &file[T]{of: of, ill: d.ill, dead: d.dead, turn: make(chan struct{}, 1), seen: seen, durable: durable}
}

// read looks at the file, also when the process has ended.
func (f *file[T]) read(look func(T)) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	look(f.seen)
}

// begin waits until no other transaction is under way.
func (f *file[T]) begin() error {
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-f.dead:
		return errEnded
	}
}

// write makes one change. When it returns nil the change is durable.
func (f *file[T]) write(change func(T)) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer func() { <-f.turn }()
	lot := f.ill.draw(f.of)
	if lot.full != nil {
		return lot.full
	}
	if err := f.put(change); err != nil {
		return err
	}
	return f.sync(lot)
}

// put makes a change that is seen from now on, and durable after a sync.
func (f *file[T]) put(change func(T)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return errEnded
	}
	change(f.seen)
	f.unsynced = append(f.unsynced, change)
	return nil
}

// sync makes durable what was put, or fails: then the last change may be in or
// not, for those who see the file and for what is durable alike.
func (f *file[T]) sync(lot lot) error {
	if err := f.wait(lot); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return errEnded
	}
	if last := len(f.unsynced) - 1; lot.err != nil && last >= 0 && f.ill.toss(2) == 0 {
		f.unsynced = f.unsynced[:last]
		f.flush()
		f.seen = f.durable.clone()
		return lot.err
	}
	f.flush()
	return lot.err
}

func (f *file[T]) wait(lot lot) error {
	timer := time.NewTimer(lot.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.dead:
		return errEnded
	}
	for _, mended := range lot.hangs {
		select {
		case <-mended:
		case <-f.dead:
			return errEnded
		}
	}
	return nil
}

func (f *file[T]) flush() {
	for _, change := range f.unsynced {
		change(f.durable)
	}
	f.unsynced = nil
}

// now makes one change durably and without a wait, or fails as a fault has it.
func (f *file[T]) now(change func(T)) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer func() { <-f.turn }()
	lot := f.ill.draw(f.of)
	lot.takes = 0
	switch {
	case lot.full != nil:
		return lot.full
	case len(lot.hangs) > 0:
		return ErrHangs
	}
	if err := f.put(change); err != nil {
		return err
	}
	return f.sync(lot)
}

// end closes the file for good, and returns what the next process finds:
// without power only what is durable, and a part of the rest.
func (f *file[T]) end(next *Disk, power bool) *file[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	left := len(f.unsynced)
	switch {
	case !power:
		left = f.ill.toss(left + 1)
	case len(f.turn) > 0 && left > 0:
		left -= f.ill.toss(2) // the last one is under way
	}
	durable := f.durable.clone()
	if !power {
		f.unsynced = f.unsynced[:left]
		for _, change := range f.unsynced {
			change(durable)
		}
		return newFile(f.of, next, durable.clone(), durable)
	}
	seen := durable.clone()
	for _, change := range f.unsynced[:left] {
		change(seen)
	}
	after := newFile(f.of, next, seen, durable)
	after.unsynced = append([]func(T){}, f.unsynced[:left]...)
	return after
}

// copied returns another file with what is durable in this one.
func (f *file[T]) copied(to *Disk) *file[T] {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return newFile(f.of, to, f.durable.clone(), f.durable.clone())
}

package simdisk

import (
	"math/rand/v2"
	"sync"

	"tocsin/datadir"
	"tocsin/notify"
)

// Disk is all that one node has on disk, as one process has it open. It may be
// used by several goroutines.
type Disk struct {
	ill   *ailments
	dead  chan struct{}
	close *sync.Once

	raft      *file[*entries]
	snapshots *file[*pictures]
	ledger    *file[book]
	identity  *file[*label]
}

// New returns a disk that belongs to identity and holds nothing else.
func New(seed uint64, identity datadir.Identity) *Disk {
	d := opened(&ailments{dice: rand.New(rand.NewPCG(seed, 0x6469736b))})
	d.raft = newFile(Raft, d, newEntries(), newEntries())
	d.snapshots = newFile(Snapshots, d, &pictures{}, &pictures{})
	d.ledger = newFile(Ledger, d, newBook(), newBook())
	d.identity = newFile(Identity, d, &label{identity}, &label{identity})
	return d
}

func opened(ill *ailments) *Disk {
	return &Disk{ill: ill, dead: make(chan struct{}), close: &sync.Once{}}
}

// Break turns a fault on, until mend is called.
func (d *Disk) Break(f Fault) (mend func()) { return d.ill.add(f) }

// Suffered returns how many writes any fault has touched so far, in all lives.
func (d *Disk) Suffered() int { return d.ill.suffered() }

// Kill ends the process, as SIGKILL does, and returns what the next one finds.
// Whoever still writes to d gets errors.
func (d *Disk) Kill() *Disk { return d.end(true) }

// PowerLoss ends the process and the kernel with it.
func (d *Disk) PowerLoss() *Disk { return d.end(false) }

func (d *Disk) end(power bool) *Disk {
	next := opened(d.ill)
	next.raft = d.raft.end(next, power)
	next.snapshots = d.snapshots.end(next, power)
	next.ledger = d.ledger.end(next, power)
	next.identity = d.identity.end(next, power)
	d.close.Do(func() { close(d.dead) })
	return next
}

// Copy returns a disk with what is durable in d, as a backup made now has it.
// It has the faults of d.
func (d *Disk) Copy() *Disk {
	to := opened(d.ill)
	// The log first: what is compacted away after it was copied is in a
	// snapshot that is copied later, and not the other way round.
	to.raft = d.raft.copied(to)
	to.snapshots = d.snapshots.copied(to)
	to.ledger = d.ledger.copied(to)
	to.identity = d.identity.copied(to)
	return to
}

// WithLedgerOf returns d with the ledger of another disk in the place of its
// own, and without one if from is nil. No process may have d open.
func (d *Disk) WithLedgerOf(from *Disk) *Disk {
	to := d.Copy()
	if from == nil {
		to.ledger = newFile(Ledger, to, newBook(), newBook())
	} else {
		to.ledger = from.ledger.copied(to)
	}
	return to
}

// book is what is in a ledger.
type book struct{ *notify.MemoryLedger }

func newBook() book { return book{notify.NewMemoryLedger()} }

func (b book) clone() book { return book{b.Copy()} }

// Ledger returns the ledger.
func (d *Disk) Ledger() notify.Ledger { return ledger{d.ledger} }

type ledger struct{ *file[book] }

// Load implements notify.Ledger.
func (l ledger) Load() (r notify.Record, err error) {
	l.read(func(b book) { r, err = b.Load() })
	return r, err
}

// Write implements notify.Ledger.
func (l ledger) Write(b notify.Batch) error {
	return l.write(func(into book) { _ = into.Write(b) }) // one of memory takes all
}

// Close implements notify.Ledger.
func (l ledger) Close() error { return nil }

// label is what the identity says.
type label struct{ datadir.Identity }

func (l *label) clone() *label { return &label{l.Identity} }

// Start counts one more process that uses the disk, and returns whose it is. It
// does not wait: a disk that hangs is an error here.
func (d *Disk) Start() (identity datadir.Identity, err error) {
	err = d.identity.now(func(l *label) { l.Starts++ })
	d.identity.read(func(l *label) { identity = l.Identity })
	return identity, err
}

// Remember makes an identity durable.
func (d *Disk) Remember(identity datadir.Identity) error {
	return d.identity.write(func(l *label) { l.Identity = identity })
}

package gossipdb

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxNodes is of how many other nodes ballots are held at most.
const maxNodes = 1000

// DB is the current table of one node, what its own ballots are made of, and
// those who wait for changes. It knows no network: Gossip, or a test, empties
// its outbox and brings what others sent.
type DB struct {
	self    string
	signing Signing
	table   atomic.Pointer[Table] // stored under mu, read without it
	outbox  Outbox
	usurped chan uint64 // never closed; one place: the newest doubt is enough
	stats   dbCounters
	sleeps  atomic.Uint64 // of the machine, as far as Overslept told

	mu          sync.Mutex
	own         own
	subscribers []*Changes // copied on write: it is walked without the lock
}

// New returns an empty DB of the node named self. It starts no goroutine and
// needs no closing.
func New(self string) *DB { return NewSigned(self, Signing{}) }

// NewSigned is New for a node that signs its ballots, and asks others for the
// signatures that signing says they owe.
func NewSigned(self string, signing Signing) *DB {
	d := &DB{
		self:    self,
		signing: signing,
		outbox:  Outbox{ready: make(chan struct{}, 1), pages: make(map[uint16]Held)},
		usurped: make(chan uint64, 1),
		own:     newOwn(),
	}
	d.table.Store(&Table{})
	return d
}

// Self returns the name of the node whose DB this is.
func (d *DB) Self() string { return d.self }

// Table returns what is held now. It takes no lock.
func (d *DB) Table() *Table { return d.table.Load() }

// Outgoing returns the own ballots that wait to be sent.
func (d *DB) Outgoing() *Outbox { return &d.outbox }

// Usurped returns a channel that receives the epoch of a ballot that names
// this node, came from outside, and is newer than ours: another process runs
// under our name. It is never closed; a doubt not yet received is not joined
// by a second.
func (d *DB) Usurped() <-chan uint64 { return d.usurped }

// Receive merges a ballot from outside that is age old. It reports whether it
// was new to this node, and so may be new to its neighbours.
func (d *DB) Receive(b *Ballot, age time.Duration) (isNew bool) {
	return d.receive(b, time.Now().Add(-clampAge(age)), 0)
}

// receive is Receive, of a ballot made at madeAt. If the ballot before was made more than silence ago (0:
// however long) all its slots count as changed, because the old one may have
// gone stale in the meantime.
func (d *DB) receive(b *Ballot, madeAt time.Time, silence time.Duration) (isNew bool) {
	if err := b.Validate(); err != nil {
		d.stats.refused.Add(1)
		return false
	}
	if !d.olderThanHeld(b) && !d.signing.holds(b) {
		d.stats.forged.Add(1)
		return false
	}
	if b.Node == d.self {
		d.receiveOwn(b)
		return false
	}
	changed, isNew, subscribers := d.merge(b, madeAt, silence)
	for _, s := range subscribers {
		s.add(changed)
	}
	return isNew
}

func (d *DB) merge(b *Ballot, madeAt time.Time, silence time.Duration) (changed []uint32, isNew bool, subscribers []*Changes) {
	d.mu.Lock()
	defer d.mu.Unlock()
	table := d.table.Load()
	if len(table.nodes[b.Node]) == 0 && !d.roomLocked(table) {
		d.stats.overflow.Add(1)
		return nil, false, nil
	}
	before, held := table.Get(b.Node, b.Page)
	if held && d.signing.owed(before.Ballot) {
		// It came before its node had registered a key.
		table, held = table.Without(b.Node, b.Page), false
	}
	next, changed, isNew := table.Merge(b, madeAt)
	if held && isNew && silence > 0 && madeAt.Sub(before.MadeAt) > silence {
		changed = either(before.Ballot, b)
	}
	d.table.Store(next)
	if isNew {
		d.stats.new.Add(1)
	} else {
		d.stats.repeated.Add(1)
	}
	return changed, isNew, d.subscribers
}

// Overslept makes every ballot older by what the clock that ages are measured
// with has missed: it stands still while the machine sleeps. No slot counts as
// changed: a ballot that goes stale wakes nobody either.
func (d *DB) Overslept(missed time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.table.Store(d.table.Load().older(missed))
	d.sleeps.Add(1)
}

// roomLocked reports whether one more node fits. This node always does.
func (d *DB) roomLocked(table *Table) bool {
	others := table.Nodes()
	if len(table.nodes[d.self]) > 0 {
		others--
	}
	return others < maxNodes
}

// receiveOwn looks at a ballot that names this node. Most are echoes of its
// own, or of the process it was before.
func (d *DB) receiveOwn(b *Ballot) {
	if !d.newerThanOwn(b) {
		d.stats.echoes.Add(1)
		return
	}
	d.stats.usurped.Add(1)
	select {
	case d.usurped <- b.Epoch:
	default:
	}
}

func (d *DB) newerThanOwn(b *Ballot) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := Version{d.own.epoch, d.own.sequence}
	return d.own.epoch != 0 && b.Version().Compare(newest) > 0
}

// Remove forgets what is held of node for page, unless that is newer than
// upTo or our own, and reports whether it did.
func (d *DB) Remove(node string, page uint16, upTo Version) bool {
	if node == d.self {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	table := d.table.Load()
	held, ok := table.Get(node, page)
	if !ok || held.Ballot.Version().Compare(upTo) > 0 {
		return false
	}
	d.table.Store(table.Without(node, page))
	d.stats.removed.Add(1)
	return true
}

// Subscribe returns what tells of changes from now on. The caller closes it.
func (d *DB) Subscribe() *Changes {
	c := &Changes{db: d, ready: make(chan struct{}, 1), slots: make(map[uint32]struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.subscribers = append(slices.Clip(d.subscribers), c)
	return c
}

func (d *DB) unsubscribe(c *Changes) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.subscribers = slices.DeleteFunc(slices.Clone(d.subscribers), func(s *Changes) bool { return s == c })
}

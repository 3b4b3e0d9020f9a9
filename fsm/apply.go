package fsm

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/go-immutable-radix/v2"

	"tocsin/access"
)

// deletionsKept bounds what ChangesSince can tell of deletions one by one. A
// reader further behind than that looks at everything.
const deletionsKept = 10_000

// entry is one committed raft entry, as apply sees it.
type entry struct {
	index, term uint64
	protocol    Protocol // that the entry takes; never above that of the View
	commands    []Command
	// now is noted on events as AppliedAt and used for nothing else.
	now time.Time
}

// apply returns the View after e, and a result for each command. It is a pure
// function: base is not changed. notify wakes those who watch parts of base,
// and is to be called once next can be had.
func apply(base *View, e entry) (next *View, results []Result, notify func()) {
	b := newBuilder(base, e)
	results = make([]Result, len(e.commands))
	for i, c := range e.commands {
		results[i] = b.answer(c)
	}
	next, notify = b.finish()
	return next, results, notify
}

// builder makes the next View out of a base and an entry.
type builder struct {
	entry
	next View

	endpoints *iradix.Txn[*Endpoint]
	slots     *iradix.Txn[string]
	freeSlots *iradix.Txn[struct{}]
	modified  *iradix.Txn[string]
	deleted   *iradix.Txn[deletion]
	children  *iradix.Txn[string]
	observers *iradix.Txn[*Observer]
	events    *iradix.Txn[*Event]
	outcomes  *iradix.Txn[*Outcome]
	awaiting  *iradix.Txn[uint64]
	reported  *iradix.Txn[report]
	tokens    *iradix.Txn[*access.Record]
	base      *View

	retries, unattended *iradix.Txn[*Outcome]

	// A transaction can't tell its length.
	endpointCount, eventCount, deletedCount, reportedCount int
}

func newBuilder(base *View, e entry) *builder {
	b := &builder{
		entry: e, next: *base, base: base,
		endpoints: base.endpoints.Txn(), slots: base.slots.Txn(), freeSlots: base.freeSlots.Txn(),
		modified: base.modified.Txn(), deleted: base.deleted.Txn(), children: base.children.Txn(),
		observers: base.observers.Txn(), events: base.events.Txn(), outcomes: base.outcomes.Txn(),
		awaiting: base.awaiting.Txn(), reported: base.reported.Txn(), tokens: base.tokens.Txn(),
		retries: base.retries.Txn(), unattended: base.unattended.Txn(),
		endpointCount: base.endpoints.Len(), eventCount: base.events.Len(), deletedCount: base.deleted.Len(), reportedCount: base.reported.Len(),
	}
	b.next.index = e.index
	b.next.inUse = max(base.inUse, e.protocol)
	b.next.superseded = make(chan struct{})
	b.endpoints.TrackMutate(true) // the one tree that parts of are watched
	return b
}

func (b *builder) finish() (*View, func()) {
	// A copy, for a pointer into b would keep base, and so every View before it.
	done := b.next
	n := &done
	n.endpoints, n.slots, n.freeSlots = b.endpoints.CommitOnly(), b.slots.CommitOnly(), b.freeSlots.CommitOnly()
	n.modified, n.deleted, n.children = b.modified.CommitOnly(), b.deleted.CommitOnly(), b.children.CommitOnly()
	n.observers, n.events, n.outcomes = b.observers.CommitOnly(), b.events.CommitOnly(), b.outcomes.CommitOnly()
	n.awaiting, n.reported, n.tokens = b.awaiting.CommitOnly(), b.reported.CommitOnly(), b.tokens.CommitOnly()
	n.retries, n.unattended = b.retries.CommitOnly(), b.unattended.CommitOnly()
	if n.observers.Root() != b.base.observers.Root() {
		n.protocol = lowestProtocol(n.inUse, slices.Collect(n.Observers()))
	}
	return n, func() {
		b.endpoints.Notify()
		close(b.base.superseded)
		if n.settingsReplaced != b.base.settingsReplaced {
			close(b.base.settingsReplaced)
		}
	}
}

// answer applies one command and says what became of it.
func (b *builder) answer(command Command) Result {
	r := Result{Index: b.index}
	switch c := command.(type) {
	case DeclareEndpoints:
		d := b.declare(c)
		r.Changed, r.Difference = d.Any(), &d
		return r
	case RestoreConfiguration:
		r.Difference, r.Refused = b.restore(c)
		if d := r.Difference; d != nil {
			r.Changed, r.Version = d.Any(), b.next.ConfigurationIndex()
		}
		return r
	case RetryNotification:
		r.Nodes, r.Refused = b.retry(c)
		r.Changed = len(r.Nodes) > 0
		return r
	case AckNotification:
		r.Nodes, r.Refused = b.ack(c)
		r.Changed = len(r.Nodes) > 0
		return r
	}
	there := b.there(command)
	r.Changed, r.Refused = b.apply(command)
	r.Added = r.Changed && !there
	if r.Refused == nil {
		r.Version = b.version(command)
	}
	return r
}

// there reports whether what the command is to make is there, in whatever form.
// Of a command that makes nothing it says yes.
func (b *builder) there(command Command) bool {
	there := true
	switch c := command.(type) {
	case SetEndpoint:
		_, there = b.endpoints.Get([]byte(c.Key))
	case PauseEndpoints:
		_, there = b.next.holds.Pause(c.Pause.Scope.tidy())
	case SetWindow:
		_, there = b.next.holds.Window(c.Window.Name)
	}
	return there
}

// version returns the version of what the command has written.
func (b *builder) version(command Command) uint64 {
	switch c := command.(type) {
	case ChangeSettings:
		return b.next.settingsIndex
	case SetEndpoint:
		if e, ok := b.endpoints.Get([]byte(c.Key)); ok {
			return e.Configured
		}
	case SetWindow:
		if w, ok := b.next.holds.Window(c.Window.Name); ok {
			return w.Configured
		}
	}
	return 0
}

func (b *builder) apply(command Command) (changed bool, refused *Refusal) {
	switch c := command.(type) {
	case Found:
		return b.found(c)
	case ChangeSettings:
		return b.changeSettings(c)
	case SetEndpoint:
		return b.set(c)
	case DeleteEndpoint:
		return b.remove(c)
	case RegisterObserver:
		return b.register(c)
	case RemoveObserver:
		return b.removeObserver(c)
	case PreferVoter:
		return b.prefer(c)
	case Transition:
		return b.transition(c)
	case RecordOutcome:
		return b.outcome(c.Outcome)
	case CreateToken:
		return b.createToken(c.Token)
	case RevokeToken:
		return b.revokeToken(c)
	case PauseEndpoints:
		return b.pause(c)
	case ResumeEndpoints:
		return b.resume(c)
	case SetWindow:
		return b.setWindow(c)
	case DeleteWindow:
		return b.deleteWindow(c)
	case ForgetEnded:
		return b.forgetEnded(c)
	case ForceState:
		return b.force(c)
	}
	// Decode returns no other command.
	return false, unknownCommand(command)
}

func (b *builder) found(c Found) (bool, *Refusal) {
	if b.next.clusterID != "" {
		return false, refuse(Conflict, "the cluster is already founded, with the id %s: join it", b.next.clusterID)
	}
	b.next.clusterID = c.ClusterID
	b.replaceSettings(c.Settings)
	for _, r := range c.Tokens {
		b.tokens.Insert([]byte(r.ID), &r)
	}
	return true, nil
}

func (b *builder) changeSettings(c ChangeSettings) (bool, *Refusal) {
	if unmet := c.If.unmet("the settings", true, b.next.settingsIndex); unmet != nil {
		return false, unmet
	}
	if b.next.settings == c.Settings {
		return false, nil
	}
	b.replaceSettings(c.Settings)
	return true, nil
}

// replaceSettings gives a new revision to the endpoints that are checked in
// another way from here on.
func (b *builder) replaceSettings(with ClusterSettings) {
	before := b.next.settings
	b.next.settings = with
	b.next.settingsReplaced = make(chan struct{})
	b.next.settingsIndex, b.next.endpointsIndex = b.index, b.index
	for _, e := range collect(b.endpoints) {
		if checkOf(e.Overrides.Over(before.Settings)) != checkOf(e.Overrides.Over(with.Settings)) {
			revised := e.clone()
			revised.Revision = b.index
			b.put(revised)
		}
	}
	b.trimEvents()
}

// checkOf returns the settings that say what a verdict is a verdict about.
func checkOf(s Settings) [2]string { return [2]string{string(s.Check), s.Verify} }

func (b *builder) set(c SetEndpoint) (bool, *Refusal) {
	old, exists := b.endpoints.Get([]byte(c.Key))
	if unmet := c.If.unmetBy(c.Key, old); unmet != nil {
		return false, unmet
	}
	var e *Endpoint
	if exists {
		e = old.clone()
	} else {
		e = &Endpoint{Key: c.Key, Slot: b.takeSlot(c.Key), Generation: b.index, Revision: b.index}
	}
	e.Value = c.Value
	e.Overrides, e.Labels = c.on(e.Overrides, e.Labels)
	e.Parents = c.parentsOn(e.Parents)
	if exists {
		if e.Value == old.Value && reflect.DeepEqual(e.Overrides, old.Overrides) && maps.Equal(e.Labels, old.Labels) && slices.Equal(e.Parents, old.Parents) {
			return false, nil
		}
		settings := b.next.settings.Settings
		if e.Value != old.Value || checkOf(e.Overrides.Over(settings)) != checkOf(old.Overrides.Over(settings)) {
			e.Revision = b.index
		}
	}
	e.Configured = b.index
	b.put(e)
	b.next.endpointsIndex = b.index
	return true, nil
}

func (b *builder) remove(c DeleteEndpoint) (bool, *Refusal) {
	e, ok := b.endpoints.Get([]byte(c.Key))
	if unmet := c.If.unmetBy(c.Key, e); unmet != nil {
		return false, unmet
	}
	if !ok {
		return false, noEndpoint(c.Key)
	}
	b.endpoints.Delete([]byte(c.Key))
	b.endpointCount--
	b.modified.Delete(modifiedKey(e.Modified, e.Key))
	b.slots.Delete(slotKey(e.Slot))
	b.freeSlots.Insert(slotKey(e.Slot), struct{}{})
	b.awaiting.Delete([]byte(e.Key))
	b.attendedTo(e.LastEvent)
	relate(b.children, e.Key, e.Parents, nil)
	b.next.down -= downs(e)
	b.next.endpointsIndex = b.index
	b.noteDeletion(e)
	return true, nil
}

func (b *builder) noteDeletion(e *Endpoint) {
	at := modifiedKey(b.index, e.Key)
	if _, again := b.deleted.Get(at); again {
		// Deleted, added and deleted within one entry. The first generation is
		// the one that a reader can have seen.
		return
	}
	b.deleted.Insert(at, deletion{key: e.Key, generation: e.Generation})
	b.deletedCount++
	for b.deletedCount > deletionsKept {
		oldest, _, _ := b.deleted.Root().Minimum()
		b.next.forgotten = numberOf(oldest)
		b.deleted.Delete(oldest)
		b.deletedCount--
	}
}

func noEndpoint(key string) *Refusal {
	return refuse(NotFound, "there is no endpoint %q: see \"tocsin endpoint list\"", key)
}

// takeSlot returns the smallest slot that no endpoint has.
func (b *builder) takeSlot(key string) uint32 {
	var slot uint32
	if free, _, ok := b.freeSlots.Root().Minimum(); ok {
		slot = slotOf(free)
		b.freeSlots.Delete(free)
	} else if last, _, ok := b.slots.Root().Maximum(); ok {
		slot = slotOf(last) + 1
	}
	b.slots.Insert(slotKey(slot), key)
	return slot
}

// put stores e as modified by this entry.
func (b *builder) put(e *Endpoint) {
	var parents []string // that it had
	if old, ok := b.endpoints.Get([]byte(e.Key)); ok {
		b.modified.Delete(modifiedKey(old.Modified, e.Key))
		parents = old.Parents
		b.next.down -= downs(old)
	} else {
		b.endpointCount++
	}
	b.next.down += downs(e)
	if !slices.Equal(parents, e.Parents) {
		relate(b.children, e.Key, parents, e.Parents)
	}
	e.Modified = b.index
	b.endpoints.Insert([]byte(e.Key), e)
	b.modified.Insert(modifiedKey(b.index, e.Key), e.Key)
}

func collect[T any](txn *iradix.Txn[T]) []T {
	var all []T
	txn.Root().Walk(func(_ []byte, v T) bool {
		all = append(all, v)
		return false
	})
	return all
}

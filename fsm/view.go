package fsm

import (
	"encoding/binary"
	"iter"
	"strings"

	"github.com/hashicorp/go-immutable-radix/v2"

	"tocsin/access"
)

// View is one immutable picture of the replicated state. It never changes once
// it has been handed out, so any number of goroutines may read it, for as long
// as they like; the same holds for what its methods return.
type View struct {
	index     uint64 // of the last entry applied
	clusterID string
	settings  ClusterSettings
	// settingsIndex is when settings last changed: all endpoints changed then.
	settingsIndex uint64
	// endpointsIndex is the last change that can make a verdict count no more.
	endpointsIndex uint64
	// observersIndex is when an observer last came, went, or registered anew.
	observersIndex uint64
	lastEvent      uint64
	// lastForgotten is the newest event that is kept no more.
	lastForgotten uint64

	endpoints *iradix.Tree[*Endpoint]      // by key
	slots     *iradix.Tree[string]         // key of the endpoint, by slot
	freeSlots *iradix.Tree[struct{}]       // those given back; every one below the highest taken that nobody has
	modified  *iradix.Tree[string]         // key, by (Modified, key)
	children  *iradix.Tree[string]         // key of the child, by (parent, child)
	deleted   *iradix.Tree[deletion]       // by (index of deletion, key); bounded
	forgotten uint64                       // what was deleted up to this index may be missing from deleted
	observers *iradix.Tree[*Observer]      // by node
	events    *iradix.Tree[*Event]         // by id
	outcomes  *iradix.Tree[*Outcome]       // by (event, node)
	awaiting  *iradix.Tree[uint64]         // event whose leader run has not ended, by key
	reported  *iradix.Tree[report]         // by (index of the report, event, node); bounded
	tokens    *iradix.Tree[*access.Record] // by id
	// retries and unattended are parts of outcomes: see AwaitingRetry, Unattended.
	retries, unattended *iradix.Tree[*Outcome]
	// reportsForgotten: what was reported up to this index may be missing.
	reportsForgotten uint64

	holds *Holds // never nil
	down  int    // how many endpoints are DOWN

	protocol Protocol // the highest that every observer reads
	inUse    Protocol // the highest that was said; never above protocol

	// superseded is closed when a newer View has taken this one's place.
	superseded chan struct{}
	// settingsReplaced is closed when a View with other settings has.
	settingsReplaced chan struct{}
}

// deletion remembers that an endpoint went.
type deletion struct {
	key        string
	generation uint64
}

func emptyView() *View {
	return &View{
		endpoints: iradix.New[*Endpoint](), slots: iradix.New[string](), freeSlots: iradix.New[struct{}](),
		modified: iradix.New[string](), deleted: iradix.New[deletion](), children: iradix.New[string](),
		observers: iradix.New[*Observer](), events: iradix.New[*Event](), outcomes: iradix.New[*Outcome](),
		awaiting: iradix.New[uint64](), reported: iradix.New[report](), tokens: iradix.New[*access.Record](),
		retries: iradix.New[*Outcome](), unattended: iradix.New[*Outcome](),
		holds: &Holds{}, protocol: 1, inUse: 1,
		superseded: make(chan struct{}), settingsReplaced: make(chan struct{}),
	}
}

// Index returns the raft index of the last entry applied.
func (v *View) Index() uint64 { return v.index }

// EndpointsIndex returns the index of the last change to which endpoints there
// are, their values, checks or settings. A ballot names it: verdicts can't be
// based on anything newer.
func (v *View) EndpointsIndex() uint64 { return v.endpointsIndex }

// ClusterID returns the id of the cluster, "" before it was founded.
func (v *View) ClusterID() string { return v.clusterID }

// Settings returns the settings of the cluster.
func (v *View) Settings() ClusterSettings { return v.settings }

// SettingsIndex returns the index of the last change of the settings: the
// version that a Condition of ChangeSettings names.
func (v *View) SettingsIndex() uint64 { return v.settingsIndex }

// SettingsOf returns the settings that hold for e: the cluster's with its own
// over them.
func (v *View) SettingsOf(e *Endpoint) Settings { return e.Overrides.Over(v.settings.Settings) }

// Holds returns the pauses and the maintenance windows. As long as they are the
// same, it is the same pointer.
func (v *View) Holds() *Holds { return v.holds }

// Superseded is closed once a newer View can be had from the Machine.
func (v *View) Superseded() <-chan struct{} { return v.superseded }

// SettingsReplaced is closed once a View with other settings can be had.
func (v *View) SettingsReplaced() <-chan struct{} { return v.settingsReplaced }

// Endpoint returns the endpoint of key.
func (v *View) Endpoint(key string) (*Endpoint, bool) { return v.endpoints.Get([]byte(key)) }

// EndpointAt returns the endpoint that has the slot.
func (v *View) EndpointAt(slot uint32) (*Endpoint, bool) {
	key, ok := v.slots.Get(slotKey(slot))
	if !ok {
		return nil, false
	}
	return v.Endpoint(key)
}

// EndpointCount returns how many endpoints there are.
func (v *View) EndpointCount() int { return v.endpoints.Len() }

// DownCount returns how many endpoints are DOWN.
func (v *View) DownCount() int { return v.down }

// Endpoints yields the endpoints whose keys begin with prefix, in order of
// their keys. The empty prefix yields all.
func (v *View) Endpoints(prefix string) iter.Seq[*Endpoint] {
	return values(v.endpoints, []byte(prefix))
}

// EndpointsAfter yields the endpoints whose keys begin with prefix and come
// after key, in order of their keys: so a reader can go on where it has stopped,
// whatever has come and gone in between.
func (v *View) EndpointsAfter(prefix, key string) iter.Seq[*Endpoint] {
	from := max(
		// the next key there can be
		key+"\x00", prefix)
	return func(yield func(*Endpoint) bool) {
		for e := range valuesFrom(v.endpoints, []byte(from)) {
			if !strings.HasPrefix(e.Key, prefix) || !yield(e) {
				return
			}
		}
	}
}

// WatchKey returns a channel that is closed once the endpoint of key may have
// changed, appeared or gone.
func (v *View) WatchKey(key string) <-chan struct{} {
	watch, _, _ := v.endpoints.Root().GetWatch([]byte(key))
	return watch
}

// WatchPrefix returns a channel that is closed once an endpoint whose key
// begins with prefix may have changed, appeared or gone.
func (v *View) WatchPrefix(prefix string) <-chan struct{} {
	return v.endpoints.Root().Iterator().SeekPrefixWatch([]byte(prefix))
}

// Observer returns the observer of that name.
func (v *View) Observer(node string) (*Observer, bool) { return v.observers.Get([]byte(node)) }

// ObserverCount returns N, how many observers there are, dead ones included.
func (v *View) ObserverCount() int { return v.observers.Len() }

// Observers yields the observers in order of their names.
func (v *View) Observers() iter.Seq[*Observer] { return values(v.observers, nil) }

// Event returns the event with that id, if it is still kept.
func (v *View) Event(id uint64) (*Event, bool) { return v.events.Get(numberKey(id)) }

// EventCount returns how many events are kept.
func (v *View) EventCount() int { return v.events.Len() }

// EventsAfter yields the kept events with ids above id, oldest first.
func (v *View) EventsAfter(id uint64) iter.Seq[*Event] {
	if id >= v.lastEvent {
		return func(func(*Event) bool) {} // and id+1 may not even be a number
	}
	return valuesFrom(v.events, numberKey(id+1))
}

// EventsBackwards yields the kept events, newest first.
func (v *View) EventsBackwards() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		it := v.events.Root().ReverseIterator()
		for _, e, ok := it.Previous(); ok; _, e, ok = it.Previous() {
			if !yield(e) {
				return
			}
		}
	}
}

// LastEvent returns the id of the newest event, 0 if there never was one.
func (v *View) LastEvent() uint64 { return v.lastEvent }

// FirstEvent returns the id of the oldest event that is still kept, 0 if none.
func (v *View) FirstEvent() uint64 {
	_, e, ok := v.events.Root().Minimum()
	if !ok {
		return 0
	}
	return e.ID
}

// LastForgotten returns the id of the newest event that is kept no more, 0 if
// none was ever forgotten. A reader who has come as far as that has missed
// nothing; one who has not can't tell from the events alone what passed by.
func (v *View) LastForgotten() uint64 { return v.lastForgotten }

// Outcomes yields the outcomes of an event in order of the nodes' names.
func (v *View) Outcomes(event uint64) iter.Seq[*Outcome] {
	return values(v.outcomes, numberKey(event))
}

// Outcome returns what node reported of event.
func (v *View) Outcome(event uint64, node string) (*Outcome, bool) {
	return v.outcomes.Get(outcomeKey(event, node))
}

// AwaitingLeader yields the events that no node has ended a notification of as
// leader: the newest of its endpoint each, never a baseline.
func (v *View) AwaitingLeader() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for id := range values(v.awaiting, nil) {
			if e, ok := v.Event(id); ok && !yield(e) {
				return
			}
		}
	}
}

// values yields what tree holds under prefix, in order.
func values[T any](tree *iradix.Tree[T], prefix []byte) iter.Seq[T] {
	return func(yield func(T) bool) {
		it := tree.Root().Iterator()
		it.SeekPrefix(prefix)
		for _, value, ok := it.Next(); ok; _, value, ok = it.Next() {
			if !yield(value) {
				return
			}
		}
	}
}

// valuesFrom yields what tree holds at from and behind it, in order.
func valuesFrom[T any](tree *iradix.Tree[T], from []byte) iter.Seq[T] {
	return func(yield func(T) bool) {
		it := tree.Root().Iterator()
		it.SeekLowerBound(from)
		for _, value, ok := it.Next(); ok; _, value, ok = it.Next() {
			if !yield(value) {
				return
			}
		}
	}
}

// Numbers are big-endian in keys, so that trees hold them in order.

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func slotKey(slot uint32) []byte { return binary.BigEndian.AppendUint32(nil, slot) }

func numberOf(key []byte) uint64 { return binary.BigEndian.Uint64(key) }

func slotOf(key []byte) uint32 { return binary.BigEndian.Uint32(key) }

func modifiedKey(index uint64, key string) []byte { return append(numberKey(index), key...) }

func outcomeKey(event uint64, node string) []byte { return append(numberKey(event), node...) }

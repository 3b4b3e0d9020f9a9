package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/hashicorp/go-immutable-radix/v2"

	"tocsin/access"
)

var errDamaged = errors.New("its checksum does not hold: the file is damaged")

// readSnapshot reads what writeSnapshot wrote. Nothing of it is to be trusted
// before the checksum was met, so nothing is returned then.
func readSnapshot(from io.Reader, now time.Time, dialect Dialect) (*View, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), maxSnapshotLine)
	lines.Split(wholeLines)
	sum := sha256.New()

	if !lines.Scan() {
		return nil, fmt.Errorf("header: %w", endOf(lines))
	}
	header, err := readHeader(lines.Bytes(), dialect)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	sum.Write(lines.Bytes())

	restored := newRestoring(header)
	for n := 2; lines.Scan(); n++ {
		text := bytes.TrimSuffix(lines.Bytes(), []byte("\n"))
		if bytes.HasPrefix(text, []byte(trailerStart)) {
			if !bytes.Equal(text, trailer(sum)) {
				return nil, errDamaged
			}
			if lines.Scan() || lines.Err() != nil {
				return nil, errors.New("there is something behind its end: the file is damaged")
			}
			return restored.finish(), nil
		}
		sum.Write(lines.Bytes())
		var line snapshotLine
		if err := decodeStrict(text, &line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := restored.add(line, now); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil, endOf(lines)
}

// readHeader looks at what format it is before it looks at what is in it: a
// newer one may say more than this build knows.
func readHeader(line []byte, dialect Dialect) (header snapshotHeader, err error) {
	var format struct {
		Format  string   `json:"format"`
		Version Protocol `json:"version"`
	}
	if err := json.Unmarshal(line, &format); err != nil {
		return header, err
	}
	if format.Format != snapshotFormat || format.Version < 1 || format.Version > maxProtocol {
		return header, fmt.Errorf("it is of format %.80q, version %d; this build reads %q", format.Format, format.Version, snapshotFormat)
	}
	if err := dialect.Readable(format.Version); err != nil {
		return header, err
	}
	return header, decodeStrict(line, &header)
}

// wholeLines is a bufio.SplitFunc. Unlike bufio.ScanLines it leaves every byte
// in the line, and takes no line without its end for one.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// endOf says why there are no more lines, where there should be.
func endOf(lines *bufio.Scanner) error {
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("it ends too early: the file is damaged: %w", io.ErrUnexpectedEOF)
}

// restoring builds a View line by line.
type restoring struct {
	view      *View
	endpoints *iradix.Txn[*Endpoint]
	slots     *iradix.Txn[string]
	modified  *iradix.Txn[string]
	children  *iradix.Txn[string]
	observers *iradix.Txn[*Observer]
	events    *iradix.Txn[*Event]
	outcomes  *iradix.Txn[*Outcome]
	tokens    *iradix.Txn[*access.Record]
}

func newRestoring(h snapshotHeader) *restoring {
	v := emptyView()
	v.index, v.clusterID, v.settings = h.Index, h.ClusterID, h.Settings
	v.settingsIndex, v.endpointsIndex, v.observersIndex = h.SettingsIndex, h.EndpointsIndex, h.ObserversIndex
	v.lastEvent, v.lastForgotten = h.LastEvent, h.LastForgotten
	v.inUse = h.Version
	v.holds = &Holds{Index: h.HoldsIndex}
	v.forgotten, v.reportsForgotten = h.Index, h.Index // deletions and reports are not in the snapshot
	return &restoring{
		view:      v,
		endpoints: v.endpoints.Txn(), slots: v.slots.Txn(), modified: v.modified.Txn(), children: v.children.Txn(),
		observers: v.observers.Txn(), events: v.events.Txn(), outcomes: v.outcomes.Txn(), tokens: v.tokens.Txn(),
	}
}

func (r *restoring) add(line snapshotLine, now time.Time) error {
	switch line {
	case snapshotLine{Endpoint: line.Endpoint}:
		return r.addEndpoint(line.Endpoint)
	case snapshotLine{Observer: line.Observer}:
		if _, again := r.observers.Insert([]byte(line.Observer.Node), line.Observer); again {
			return fmt.Errorf("observer %q is there twice", line.Observer.Node)
		}
	case snapshotLine{Event: line.Event}:
		line.Event.AppliedAt = now
		if _, again := r.events.Insert(numberKey(line.Event.ID), line.Event); again {
			return fmt.Errorf("event %d is there twice", line.Event.ID)
		}
	case snapshotLine{Outcome: line.Outcome}:
		o := line.Outcome
		if _, ok := r.events.Get(numberKey(o.Event)); !ok {
			return fmt.Errorf("there is an outcome of event %d, but not the event", o.Event)
		}
		if _, again := r.outcomes.Insert(outcomeKey(o.Event, o.Node), o); again {
			return fmt.Errorf("the outcome of event %d on node %q is there twice", o.Event, o.Node)
		}
	case snapshotLine{Token: line.Token}:
		if _, again := r.tokens.Insert([]byte(line.Token.ID), line.Token); again {
			return fmt.Errorf("token %q is there twice", line.Token.ID)
		}
	case snapshotLine{Pause: line.Pause}:
		return r.addPause(line.Pause)
	case snapshotLine{Window: line.Window}:
		return r.addWindow(line.Window)
	default:
		return errors.New("it holds more than one thing")
	}
	return nil
}

func (r *restoring) addEndpoint(e *Endpoint) error {
	if e == nil {
		return errors.New("it is empty")
	}
	if e.Slot > maxSlot {
		return fmt.Errorf("endpoint %q has slot %d, and there are no more than %d", e.Key, e.Slot, maxSlot)
	}
	if _, again := r.endpoints.Insert([]byte(e.Key), e); again {
		return fmt.Errorf("endpoint %q is there twice", e.Key)
	}
	if other, taken := r.slots.Insert(slotKey(e.Slot), e.Key); taken {
		return fmt.Errorf("endpoints %q and %q have the same slot %d", other, e.Key, e.Slot)
	}
	r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)
	relate(r.children, e.Key, nil, e.Parents)
	r.view.down += downs(e)
	return nil
}

// addPause and addWindow read them in the order in which they were written: it
// is the one that they are looked up by.
func (r *restoring) addPause(p *Pause) error {
	h := r.view.holds
	if i, again := h.pauseAt(p.Scope); again || i != len(h.Pauses) {
		return fmt.Errorf("the pause of %v is not in its place", p.Scope)
	}
	h.Pauses = append(h.Pauses, p)
	return nil
}

func (r *restoring) addWindow(w *Window) error {
	h := r.view.holds
	if i, again := h.windowAt(w.Name); again || i != len(h.Windows) {
		return fmt.Errorf("the maintenance window %q is not in its place", w.Name)
	}
	h.Windows = append(h.Windows, w)
	return nil
}

func (r *restoring) finish() *View {
	v := r.view
	v.endpoints, v.slots, v.modified = r.endpoints.CommitOnly(), r.slots.CommitOnly(), r.modified.CommitOnly()
	v.children = r.children.CommitOnly()
	v.observers, v.events, v.outcomes = r.observers.CommitOnly(), r.events.CommitOnly(), r.outcomes.CommitOnly()
	v.tokens = r.tokens.CommitOnly()
	v.freeSlots, v.awaiting = freeBelow(v.slots), awaitingIn(v)
	v.retries, v.unattended = attentionIn(v)
	v.protocol = lowestProtocol(v.inUse, slices.Collect(v.Observers()))
	return v
}

// freeBelow returns the slots that nobody has below the highest that is taken.
func freeBelow(slots *iradix.Tree[string]) *iradix.Tree[struct{}] {
	free := iradix.New[struct{}]().Txn()
	var expected uint32
	slots.Root().Walk(func(at []byte, _ string) bool {
		for ; expected < slotOf(at); expected++ {
			free.Insert(slotKey(expected), struct{}{})
		}
		expected++
		return false
	})
	return free.CommitOnly()
}

// awaitingIn finds the events that no node has settled as leader yet. Only the
// newest of an endpoint can be one of them.
func awaitingIn(v *View) *iradix.Tree[uint64] {
	awaiting := iradix.New[uint64]().Txn()
	for e := range values(v.endpoints, nil) {
		event, kept := v.Event(e.LastEvent)
		if kept && !event.Baseline && !settledIn(v.outcomes.Root(), event.ID) {
			awaiting.Insert([]byte(e.Key), event.ID)
		}
	}
	return awaiting.CommitOnly()
}

func settledIn(outcomes *iradix.Node[*Outcome], event uint64) (settled bool) {
	outcomes.WalkPrefix(numberKey(event), func(_ []byte, o *Outcome) bool {
		settled = o.settles()
		return settled
	})
	return settled
}

// attentionIn finds the outcomes that are to be run again, and those that nobody
// has seen to.
func attentionIn(v *View) (retries, unattended *iradix.Tree[*Outcome]) {
	again, calling := iradix.New[*Outcome]().Txn(), iradix.New[*Outcome]().Txn()
	for o := range values(v.outcomes, nil) {
		if o.AwaitsRetry() {
			again.Insert(outcomeKey(o.Event, o.Node), o)
		}
	}
	for e := range values(v.endpoints, nil) {
		for o := range v.Outcomes(e.LastEvent) {
			if o.unattended() {
				calling.Insert(outcomeKey(o.Event, o.Node), o)
			}
		}
	}
	return again.CommitOnly(), calling.CommitOnly()
}

package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// A snapshot is a file of lines: a header, a line for each endpoint, observer,
// event and outcome, and a trailer with the SHA-256 of all bytes before it. What can be
// derived (slots, what was modified when, whose leader run is awaited from
// events and outcomes) is not written but derived again.

const (
	snapshotFormat  = "tocsin-snapshot"
	snapshotVersion = 1
	// maxSnapshotLine bounds what is read as one line. The longest is an
	// endpoint with its value, or an event with its votes.
	maxSnapshotLine = 4 << 20
)

type snapshotHeader struct {
	Format         string          `json:"format"`
	Version        int             `json:"version"`
	Index          uint64          `json:"index"`
	ClusterID      string          `json:"cluster_id"`
	Settings       ClusterSettings `json:"settings"`
	SettingsIndex  uint64          `json:"settings_index"`
	EndpointsIndex uint64          `json:"endpoints_index"`
	LastEvent      uint64          `json:"last_event"`
}

// snapshotLine holds exactly one thing.
type snapshotLine struct {
	Endpoint *Endpoint `json:"endpoint,omitempty"`
	Observer *Observer `json:"observer,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Outcome  *Outcome  `json:"outcome,omitempty"`
	Awaiting uint64    `json:"awaiting,omitempty"`
	SHA256   string    `json:"sha256,omitempty"`
}

func writeSnapshot(to io.Writer, v *View) error {
	buffered := bufio.NewWriterSize(to, 256<<10)
	sum := sha256.New()
	lines := json.NewEncoder(io.MultiWriter(buffered, sum))
	err := errors.Join(
		lines.Encode(snapshotHeader{
			Format: snapshotFormat, Version: snapshotVersion, Index: v.index,
			ClusterID: v.clusterID, Settings: v.settings, SettingsIndex: v.settingsIndex,
			EndpointsIndex: v.endpointsIndex, LastEvent: v.lastEvent,
		}),
		encodeEach(lines, values(v.endpoints, nil), func(e *Endpoint) snapshotLine { return snapshotLine{Endpoint: e} }),
		encodeEach(lines, values(v.observers, nil), func(o *Observer) snapshotLine { return snapshotLine{Observer: o} }),
		encodeEach(lines, values(v.events, nil), func(e *Event) snapshotLine { return snapshotLine{Event: e} }),
		encodeEach(lines, values(v.outcomes, nil), func(o *Outcome) snapshotLine { return snapshotLine{Outcome: o} }),
		encodeEach(lines, values(v.awaiting, nil), func(id uint64) snapshotLine { return snapshotLine{Awaiting: id} }),
		json.NewEncoder(buffered).Encode(snapshotLine{SHA256: hex.EncodeToString(sum.Sum(nil))}),
	)
	return errors.Join(err, buffered.Flush())
}

func encodeEach[T any](to *json.Encoder, all iter.Seq[T], line func(T) snapshotLine) error {
	for one := range all {
		if err := to.Encode(line(one)); err != nil {
			return err
		}
	}
	return nil
}

// readSnapshot reads what writeSnapshot wrote. Nothing of it is to be trusted
// before the checksum was met, so nothing is returned then.
func readSnapshot(from io.Reader, now time.Time) (*View, error) {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(make([]byte, 64<<10), maxSnapshotLine)
	sum := sha256.New()
	next := func(into any) error {
		if !scanner.Scan() {
			return errors.Join(scanner.Err(), io.ErrUnexpectedEOF)
		}
		return decodeStrict(scanner.Bytes(), into)
	}

	var header snapshotHeader
	if err := next(&header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if header.Format != snapshotFormat || header.Version != snapshotVersion {
		return nil, fmt.Errorf("it is of format %q, version %d; this build reads %q, version %d", header.Format, header.Version, snapshotFormat, snapshotVersion)
	}
	restored := newRestoring(header)
	for n := 2; ; n++ {
		sum.Write(scanner.Bytes())
		sum.Write([]byte{'\n'})
		var line snapshotLine
		if err := next(&line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if line.SHA256 != "" {
			if got := hex.EncodeToString(sum.Sum(nil)); got != line.SHA256 {
				return nil, errors.New("its checksum does not hold: the file is damaged")
			}
			if scanner.Scan() || scanner.Err() != nil {
				return nil, errors.New("there is something behind its end: the file is damaged")
			}
			return restored.finish(), nil
		}
		if err := restored.add(line, now); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// restoring builds a View line by line.
type restoring struct {
	view      *View
	endpoints *iradix.Txn[*Endpoint]
	slots     *iradix.Txn[string]
	modified  *iradix.Txn[string]
	observers *iradix.Txn[*Observer]
	events    *iradix.Txn[*Event]
	outcomes  *iradix.Txn[*Outcome]
	awaiting  *iradix.Txn[uint64]
}

func newRestoring(h snapshotHeader) *restoring {
	v := emptyView()
	v.index, v.clusterID, v.settings = h.Index, h.ClusterID, h.Settings
	v.settingsIndex, v.endpointsIndex, v.lastEvent = h.SettingsIndex, h.EndpointsIndex, h.LastEvent
	v.forgotten = h.Index // deletions are not in the snapshot
	return &restoring{
		view:      v,
		endpoints: v.endpoints.Txn(), slots: v.slots.Txn(), modified: v.modified.Txn(),
		observers: v.observers.Txn(), events: v.events.Txn(), outcomes: v.outcomes.Txn(), awaiting: v.awaiting.Txn(),
	}
}

func (r *restoring) add(line snapshotLine, now time.Time) error {
	switch {
	case line.Endpoint != nil:
		e := line.Endpoint
		r.endpoints.Insert([]byte(e.Key), e)
		r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)
		if other, taken := r.slots.Insert(slotKey(e.Slot), e.Key); taken {
			return fmt.Errorf("endpoints %q and %q have the same slot %d", other, e.Key, e.Slot)
		}
	case line.Observer != nil:
		r.observers.Insert([]byte(line.Observer.Node), line.Observer)
	case line.Event != nil:
		line.Event.AppliedAt = now
		r.events.Insert(numberKey(line.Event.ID), line.Event)
	case line.Outcome != nil:
		r.outcomes.Insert(outcomeKey(line.Outcome.Event, line.Outcome.Node), line.Outcome)
	case line.Awaiting != 0:
		event, ok := r.events.Get(numberKey(line.Awaiting))
		if !ok {
			return fmt.Errorf("event %d is awaited but not there", line.Awaiting)
		}
		r.awaiting.Insert([]byte(event.Key), event.ID)
	default:
		return errors.New("it is empty")
	}
	return nil
}

func (r *restoring) finish() *View {
	v := r.view
	v.endpoints, v.slots, v.modified = r.endpoints.CommitOnly(), r.slots.CommitOnly(), r.modified.CommitOnly()
	v.observers, v.events, v.outcomes, v.awaiting = r.observers.CommitOnly(), r.events.CommitOnly(), r.outcomes.CommitOnly(), r.awaiting.CommitOnly()
	v.freeSlots = freeBelow(v.slots)
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
		return bytes.Equal(at, slotKey(^uint32(0)))
	})
	return free.CommitOnly()
}

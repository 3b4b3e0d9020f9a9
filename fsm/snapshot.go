package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"

	"tocsin/access"
)

// A snapshot is a file of lines: a header, a line for each endpoint, observer,
// event, outcome, token, pause and window, and a trailer with the SHA-256 of all bytes before it. What
// can be derived (who has which slot, what was modified when, which events await
// a leader) is not written but derived again.

const (
	snapshotFormat = "tocsin-snapshot"
	// maxSnapshotLine bounds one line. The longest are an endpoint with a value
	// that JSON has to escape, and an event with all its votes: a tenth of it.
	maxSnapshotLine = 4 << 20
	// maxSlot bounds the slots of a snapshot. The smallest free slot is given
	// out, so only MaxEndpoints at once, and those on their way when the limit
	// was reached, can ever have been needed.
	maxSlot = 1 << 20
)

type snapshotHeader struct {
	Format string `json:"format"`
	// Version is the protocol that was in use: what it takes to read the rest.
	Version        Protocol        `json:"version"`
	Index          uint64          `json:"index"`
	ClusterID      string          `json:"cluster_id"`
	Settings       ClusterSettings `json:"settings"`
	SettingsIndex  uint64          `json:"settings_index"`
	EndpointsIndex uint64          `json:"endpoints_index"`
	ObserversIndex uint64          `json:"observers_index"`
	LastEvent      uint64          `json:"last_event"`
	LastForgotten  uint64          `json:"last_forgotten"`
	HoldsIndex     uint64          `json:"holds_index,omitempty"`
}

// snapshotLine holds exactly one thing.
type snapshotLine struct {
	Endpoint *Endpoint      `json:"endpoint,omitempty"`
	Observer *Observer      `json:"observer,omitempty"`
	Event    *Event         `json:"event,omitempty"`
	Outcome  *Outcome       `json:"outcome,omitempty"`
	Token    *access.Record `json:"token,omitempty"`
	Pause    *Pause         `json:"pause,omitempty"`
	Window   *Window        `json:"window,omitempty"`
}

// trailer returns the last line. It is compared byte by byte, for no checksum
// covers it.
func trailer(sum hash.Hash) []byte {
	return fmt.Appendf(nil, "%s%x\"}", trailerStart, sum.Sum(nil))
}

const trailerStart = `{"sha256":"`

func writeSnapshot(to io.Writer, v *View) error {
	w := newSnapshotWriter(to)
	err := w.line(snapshotHeader{
		Format: snapshotFormat, Version: v.inUse, Index: v.index,
		ClusterID: v.clusterID, Settings: v.settings, SettingsIndex: v.settingsIndex,
		EndpointsIndex: v.endpointsIndex, ObserversIndex: v.observersIndex, LastEvent: v.lastEvent, LastForgotten: v.lastForgotten, HoldsIndex: v.holds.Index,
	})
	if err != nil {
		return err
	}
	if err := writeEach(w, values(v.endpoints, nil), func(e *Endpoint) snapshotLine { return snapshotLine{Endpoint: e} }); err != nil {
		return err
	}
	if err := writeEach(w, values(v.observers, nil), func(o *Observer) snapshotLine { return snapshotLine{Observer: o} }); err != nil {
		return err
	}
	if err := writeEach(w, values(v.events, nil), func(e *Event) snapshotLine { return snapshotLine{Event: e} }); err != nil {
		return err
	}
	if err := writeEach(w, values(v.outcomes, nil), func(o *Outcome) snapshotLine { return snapshotLine{Outcome: o} }); err != nil {
		return err
	}
	if err := writeEach(w, v.Tokens(), func(r *access.Record) snapshotLine { return snapshotLine{Token: r} }); err != nil {
		return err
	}
	if err := writeEach(w, slices.Values(v.holds.Pauses), func(p *Pause) snapshotLine { return snapshotLine{Pause: p} }); err != nil {
		return err
	}
	if err := writeEach(w, slices.Values(v.holds.Windows), func(of *Window) snapshotLine { return snapshotLine{Window: of} }); err != nil {
		return err
	}
	return w.finish()
}

// snapshotWriter writes lines and sums them up.
type snapshotWriter struct {
	to   *bufio.Writer
	sum  hash.Hash
	text bytes.Buffer
	json *json.Encoder // into text
}

func newSnapshotWriter(to io.Writer) *snapshotWriter {
	w := &snapshotWriter{to: bufio.NewWriterSize(to, 256<<10), sum: sha256.New()}
	w.json = json.NewEncoder(&w.text)
	w.json.SetEscapeHTML(false)
	return w
}

func (w *snapshotWriter) line(of any) error {
	w.text.Reset()
	if err := w.json.Encode(of); err != nil {
		return err
	}
	if w.text.Len() > maxSnapshotLine {
		// Better no snapshot than one that can't be read: the log is kept.
		return fmt.Errorf("a line of %d bytes, and at most %d can be read back", w.text.Len(), maxSnapshotLine)
	}
	w.sum.Write(w.text.Bytes())
	_, err := w.to.Write(w.text.Bytes())
	return err
}

func (w *snapshotWriter) finish() error {
	if _, err := w.to.Write(append(trailer(w.sum), '\n')); err != nil {
		return err
	}
	return w.to.Flush()
}

func writeEach[T any](w *snapshotWriter, all iter.Seq[T], line func(T) snapshotLine) error {
	for one := range all {
		if err := w.line(line(one)); err != nil {
			return err
		}
	}
	return nil
}

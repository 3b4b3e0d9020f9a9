package notify

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"tocsin/fsm"
)

// One record in the file is a version, a JSON object, and a CRC-32C of where it
// stands and what it says. The place is part of the sum, so that a record that
// turns up under another key is found out as well as one with a changed bit.
const (
	recordVersion = 1
	sumSize       = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is the record of the ledger as a whole. The counts tell when an entry
// has vanished, which no checksum of an entry could.
type head struct {
	Cursor  uint64 `json:"cursor"`
	Origin  uint64 `json:"origin"`
	Entries int    `json:"entries"`
	Outbox  int    `json:"outbox"`
}

func sumOf(place string, id uint64, body []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte(place))
	sum = crc32.Update(sum, castagnoli, idKey(id))
	return crc32.Update(sum, castagnoli, body)
}

func idKey(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// encodeRecord packs what for the record id in the bucket place.
func encodeRecord(place string, id uint64, what any) ([]byte, error) {
	packed, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("encode record %d of %s: %w", id, place, err)
	}
	body := append([]byte{recordVersion}, packed...)
	return binary.BigEndian.AppendUint32(body, sumOf(place, id, body)), nil
}

// decodeRecord reads what encodeRecord wrote, and nothing else.
func decodeRecord(place string, id uint64, record []byte, into any) error {
	if len(record) < 1+sumSize {
		return fmt.Errorf("record %d of %s is cut off", id, place)
	}
	body, sum := record[:len(record)-sumSize], binary.BigEndian.Uint32(record[len(record)-sumSize:])
	if sumOf(place, id, body) != sum {
		return fmt.Errorf("the checksum of record %d of %s does not hold", id, place)
	}
	if body[0] != recordVersion {
		return fmt.Errorf("record %d of %s has version %d, but this build reads only version %d: install the newer build again", id, place, body[0], recordVersion)
	}
	d := json.NewDecoder(bytes.NewReader(body[1:]))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("record %d of %s: %w", id, place, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("record %d of %s: there is something behind its end", id, place)
	}
	return nil
}

func decodeHead(record []byte) (head, error) {
	var h head
	if err := decodeRecord(headBucket, 0, record, &h); err != nil {
		return head{}, err
	}
	if h.Entries < 0 || h.Outbox < 0 || h.Cursor < h.Origin {
		return head{}, fmt.Errorf("the head of the ledger contradicts itself: %+v", h)
	}
	return h, nil
}

func decodeEntry(id uint64, record []byte) (Entry, error) {
	var e Entry
	if err := decodeRecord(entriesBucket, id, record, &e); err != nil {
		return Entry{}, err
	}
	stage := e.Stage == Waiting || e.Stage == Started && e.Attempt > 0
	if !stage || e.Event != id || e.Key == "" || e.Before < 0 || e.Attempt < e.Before {
		return Entry{}, fmt.Errorf("record %d of %s contradicts itself: %+v", id, entriesBucket, e)
	}
	return e, nil
}

func decodeOutcome(id uint64, record []byte) (fsm.Outcome, error) {
	var o fsm.Outcome
	if err := decodeRecord(outboxBucket, id, record, &o); err != nil {
		return fsm.Outcome{}, err
	}
	if o.Event != id || o.Node == "" || o.Attempt < 0 {
		return fsm.Outcome{}, fmt.Errorf("record %d of %s contradicts itself: %+v", id, outboxBucket, o)
	}
	return o, nil
}

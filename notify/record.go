package notify

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"tocsin/fsm"
)

// One record in the file is a version, a JSON object, and a CRC-32C of where it
// stands and what it says. The place is part of the sum, so that a record that
// turns up under another key is found out as well as one with a changed bit.
const (
	recordVersion = 1
	sumSize       = 4
)

// errNewer is why a record can't be read that is not damaged.
var errNewer = errors.New("it was written by a newer build: install that one again")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summary is the record of the ledger as a whole. The counts tell when an entry
// has vanished, which no checksum of an entry could.
type summary struct {
	Node    string `json:"node"`
	Cluster string `json:"cluster"`
	Cursor  uint64 `json:"cursor"`
	Origin  uint64 `json:"origin"`
	Epoch   uint64 `json:"epoch"`
	Entries int    `json:"entries"`
	Outbox  int    `json:"outbox"`
	Acted   int    `json:"acted"`
}

// place is where a record stands.
type place struct {
	bucket string
	key    []byte
	name   string // of the key, for people
}

// numbered is the place of a record that has a number, big-endian in the file.
func numbered(bucket string, id uint64) place {
	return place{bucket: bucket, key: binary.BigEndian.AppendUint64(nil, id), name: strconv.FormatUint(id, 10)}
}

// named is the place of a record that has a name.
func named(bucket, name string) place {
	return place{bucket: bucket, key: []byte(name), name: strconv.Quote(name)}
}

func (p place) String() string { return "record " + p.name + " of " + p.bucket }

func sumOf(at place, body []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte(at.bucket))
	sum = crc32.Update(sum, castagnoli, at.key)
	return crc32.Update(sum, castagnoli, body)
}

// encodeRecord packs what for its place.
func encodeRecord(at place, what any) ([]byte, error) {
	packed, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", at, err)
	}
	body := append([]byte{recordVersion}, packed...)
	return binary.BigEndian.AppendUint32(body, sumOf(at, body)), nil
}

// decodeRecord reads what encodeRecord wrote, and nothing else.
func decodeRecord(at place, record []byte, into any) error {
	if len(record) < 1+sumSize {
		return fmt.Errorf("%v is cut off", at)
	}
	body, sum := record[:len(record)-sumSize], binary.BigEndian.Uint32(record[len(record)-sumSize:])
	if sumOf(at, body) != sum {
		return fmt.Errorf("the checksum of %v does not hold", at)
	}
	if body[0] != recordVersion {
		return fmt.Errorf("%v has version %d, and this build reads only version %d: %w", at, body[0], recordVersion, errNewer)
	}
	if err := decodeStrictly(body[1:], into); err != nil {
		return fmt.Errorf("%v: %w", at, err)
	}
	return nil
}

// decodeStrictly reads one JSON object and nothing else. What an object says
// beyond what this build knows must not be lost, so that it is refused too; its
// sum holds, and therefore only a newer build can have written it.
func decodeStrictly(object []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if json.Unmarshal(object, into) == nil {
			return fmt.Errorf("%w (%w)", errNewer, err)
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind its end")
	}
	return nil
}

func decodeSummary(record []byte) (summary, error) {
	var s summary
	if err := decodeRecord(numbered(summaryBucket, 0), record, &s); err != nil {
		return summary{}, err
	}
	if s.Entries < 0 || s.Outbox < 0 || s.Acted < 0 || s.Cursor < s.Origin {
		return summary{}, fmt.Errorf("the summary of the ledger contradicts itself: %+v", s)
	}
	return s, nil
}

func decodeEntry(id uint64, record []byte) (Entry, error) {
	var e Entry
	at := numbered(entriesBucket, id)
	if err := decodeRecord(at, record, &e); err != nil {
		return Entry{}, err
	}
	stage := e.Stage == Waiting || e.Stage == Started && e.Attempt > 0
	if !stage || e.Event != id || e.Key == "" || e.Before < 0 || e.Attempt < e.Before || e.Missed < fsm.MissedUnknown {
		return Entry{}, fmt.Errorf("%v contradicts itself: %+v", at, e)
	}
	return e, nil
}

func decodeOutcome(id uint64, record []byte) (fsm.Outcome, error) {
	var o fsm.Outcome
	at := numbered(outboxBucket, id)
	if err := decodeRecord(at, record, &o); err != nil {
		return fsm.Outcome{}, err
	}
	if o.Event != id || o.Node == "" || o.Attempt < 0 {
		return fsm.Outcome{}, fmt.Errorf("%v contradicts itself: %+v", at, o)
	}
	return o, nil
}

func decodeActed(key string, record []byte) (Acted, error) {
	var a Acted
	at := named(actedBucket, key)
	if err := decodeRecord(at, record, &a); err != nil {
		return Acted{}, err
	}
	if a.Key != key || a.Event == 0 || !a.State.Valid() {
		return Acted{}, fmt.Errorf("%v contradicts itself: %+v", at, a)
	}
	return a, nil
}

package notify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
)

// The buckets of the file.
const (
	headBucket    = "head"
	entriesBucket = "entries"
	outboxBucket  = "outbox"
)

// BoltLedger is the Ledger of a real node: a bbolt file of small records. It is
// used by one goroutine at a time.
//
// It holds a copy of what the file says. After a write that failed the file is
// no longer trusted, for a sync that failed may have lost earlier writes too,
// without a second word from the kernel; the next write makes a new file out of
// the copy and puts it in the place of the old one. So does the first write
// after opening, which also keeps the file small.
type BoltLedger struct {
	path    string
	file    *boltFile
	copied  Record
	suspect bool
}

// OpenLedger opens the ledger at path, and makes one if there is no file. It
// waits no more than a second for another process to let go of it. A file that
// is damaged or empty is refused with an error that says what can be done:
// going on with an empty ledger would drop notifications in silence.
func OpenLedger(path string) (*BoltLedger, error) {
	if err := createIfMissing(path); err != nil {
		return nil, fmt.Errorf("create ledger %s: %w", path, err)
	}
	file, err := openExisting(path)
	if err != nil {
		return nil, err
	}
	record := newRecord()
	if err := file.view(func(tx *bbolt.Tx) error { return readAll(tx, file, &record) }); err != nil {
		return nil, errors.Join(damaged(path, err), file.close())
	}
	// All records were verified, but not what bbolt notes of free pages: a
	// damage there would let a write run over a record.
	return &BoltLedger{path: path, file: file, copied: record, suspect: true}, nil
}

// Load implements Ledger.
func (l *BoltLedger) Load() (Record, error) { return l.copied.clone(), nil }

// Write implements Ledger.
func (l *BoltLedger) Write(b Batch) error {
	if l.suspect {
		if err := l.renew(); err != nil {
			return fmt.Errorf("renew ledger %s: %w", l.path, err)
		}
	}
	entries := len(l.copied.Entries) + growth(l.copied.Entries, b.Entries)
	outbox := len(l.copied.Outbox) + growth(l.copied.Outbox, b.Outbox)
	err := l.file.update(func(tx *bbolt.Tx) error {
		return errors.Join(
			putAll(tx, entriesBucket, b.Entries),
			putAll(tx, outboxBucket, b.Outbox),
			put(tx, headBucket, 0, head{Cursor: b.Cursor, Origin: b.Origin, Entries: entries, Outbox: outbox}),
		)
	})
	if err != nil {
		l.suspect = true
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
	l.copied.apply(b)
	return nil
}

// Close implements Ledger.
func (l *BoltLedger) Close() error {
	if err := l.file.close(); err != nil {
		return fmt.Errorf("close ledger %s: %w", l.path, err)
	}
	return nil
}

// renew puts a new file with what l holds in the place of the old one.
func (l *BoltLedger) renew() error {
	file, err := writeFresh(l.path, l.copied)
	if err != nil {
		return err
	}
	old := l.file
	l.file, l.suspect = file, false
	// The old file has no name any more and nothing in it is wanted: whether
	// closing it goes well changes nothing.
	_ = old.close()
	return nil
}

// growth returns by how many the changes make a map longer.
func growth[V any](of map[uint64]V, changes map[uint64]*V) (n int) {
	for id, v := range changes {
		_, there := of[id]
		switch {
		case v == nil && there:
			n--
		case v != nil && !there:
			n++
		}
	}
	return n
}

// writeAll fills a new file.
func writeAll(tx *bbolt.Tx, r Record) error {
	for _, name := range []string{headBucket, entriesBucket, outboxBucket} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	return errors.Join(
		putAll(tx, entriesBucket, pointers(r.Entries)),
		putAll(tx, outboxBucket, pointers(r.Outbox)),
		put(tx, headBucket, 0, head{Cursor: r.Cursor, Origin: r.Origin, Entries: len(r.Entries), Outbox: len(r.Outbox)}),
	)
}

func pointers[V any](m map[uint64]V) map[uint64]*V {
	to := make(map[uint64]*V, len(m))
	for id, v := range m {
		to[id] = &v
	}
	return to
}

func putAll[V any](tx *bbolt.Tx, bucket string, changes map[uint64]*V) error {
	// Sorted, because neighbours in the tree are then written in one go.
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		if changes[id] == nil {
			if err := tx.Bucket([]byte(bucket)).Delete(idKey(id)); err != nil {
				return fmt.Errorf("delete record %d of %s: %w", id, bucket, err)
			}
			continue
		}
		if err := put(tx, bucket, id, changes[id]); err != nil {
			return err
		}
	}
	return nil
}

func put(tx *bbolt.Tx, bucket string, id uint64, what any) error {
	record, err := encodeRecord(bucket, id, what)
	if err != nil {
		return err
	}
	if err := tx.Bucket([]byte(bucket)).Put(idKey(id), record); err != nil {
		return fmt.Errorf("put record %d of %s: %w", id, bucket, err)
	}
	return nil
}

// readAll reads and verifies every record of the file.
func readAll(tx *bbolt.Tx, file *boltFile, r *Record) error {
	// bbolt maps more than there is, and overlooks that a file was cut off
	// until it reads past the end.
	info, err := file.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("the file has %d bytes of %d: it was cut off", info.Size(), tx.Size())
	}
	buckets := make(map[string]*bbolt.Bucket)
	for _, name := range []string{headBucket, entriesBucket, outboxBucket} {
		if buckets[name] = tx.Bucket([]byte(name)); buckets[name] == nil {
			return fmt.Errorf("bucket %s is missing", name)
		}
	}
	h, err := decodeHead(buckets[headBucket].Get(idKey(0)))
	if err != nil {
		return err
	}
	r.Cursor, r.Origin = h.Cursor, h.Origin
	if err := readBucket(buckets[entriesBucket], r.Entries, decodeEntry); err != nil {
		return err
	}
	if err := readBucket(buckets[outboxBucket], r.Outbox, decodeOutcome); err != nil {
		return err
	}
	if len(r.Entries) != h.Entries || len(r.Outbox) != h.Outbox {
		return fmt.Errorf("there are %d entries and %d outcomes, but there were %d and %d when it was written", len(r.Entries), len(r.Outbox), h.Entries, h.Outbox)
	}
	return nil
}

func readBucket[V any](b *bbolt.Bucket, into map[uint64]V, decode func(uint64, []byte) (V, error)) error {
	return b.ForEach(func(key, record []byte) error {
		if len(key) != 8 {
			return fmt.Errorf("a record has the key %x", key)
		}
		id := binary.BigEndian.Uint64(key)
		v, err := decode(id, record)
		if err != nil {
			return err
		}
		into[id] = v
		return nil
	})
}

package notify

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
)

// The buckets of the file.
const (
	summaryBucket = "summary"
	entriesBucket = "entries"
	outboxBucket  = "outbox"
	actedBucket   = "acted"
)

func buckets() []string { return []string{summaryBucket, entriesBucket, outboxBucket, actedBucket} }

func entryAt(id uint64) place   { return numbered(entriesBucket, id) }
func outcomeAt(id uint64) place { return numbered(outboxBucket, id) }
func actedAt(key string) place  { return named(actedBucket, key) }

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
	s := summary{
		Node: b.Node, Cluster: b.Cluster, Cursor: b.Cursor, Origin: b.Origin, Epoch: b.Epoch,
		Entries: len(l.copied.Entries) + growth(l.copied.Entries, b.Entries),
		Outbox:  len(l.copied.Outbox) + growth(l.copied.Outbox, b.Outbox),
		Acted:   len(l.copied.Acted) + growth(l.copied.Acted, b.Acted),
	}
	err := l.file.update(func(tx *bbolt.Tx) error {
		return errors.Join(
			putAll(tx, b.Entries, entryAt), putAll(tx, b.Outbox, outcomeAt), putAll(tx, b.Acted, actedAt),
			put(tx, numbered(summaryBucket, 0), s),
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
func growth[K comparable, V any](of map[K]V, changes map[K]*V) (n int) {
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
	for _, name := range buckets() {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	s := summary{
		Node: r.Node, Cluster: r.Cluster, Cursor: r.Cursor, Origin: r.Origin, Epoch: r.Epoch,
		Entries: len(r.Entries), Outbox: len(r.Outbox), Acted: len(r.Acted),
	}
	return errors.Join(
		putAll(tx, pointers(r.Entries), entryAt), putAll(tx, pointers(r.Outbox), outcomeAt), putAll(tx, pointers(r.Acted), actedAt),
		put(tx, numbered(summaryBucket, 0), s),
	)
}

func pointers[K comparable, V any](m map[K]V) map[K]*V {
	to := make(map[K]*V, len(m))
	for id, v := range m {
		to[id] = &v
	}
	return to
}

func putAll[K cmp.Ordered, V any](tx *bbolt.Tx, changes map[K]*V, placeOf func(K) place) error {
	// Sorted, because neighbours in the tree are then written in one go.
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		at := placeOf(id)
		if changes[id] == nil {
			if err := tx.Bucket([]byte(at.bucket)).Delete(at.key); err != nil {
				return fmt.Errorf("delete %v: %w", at, err)
			}
			continue
		}
		if err := put(tx, at, changes[id]); err != nil {
			return err
		}
	}
	return nil
}

func put(tx *bbolt.Tx, at place, what any) error {
	record, err := encodeRecord(at, what)
	if err != nil {
		return err
	}
	if err := tx.Bucket([]byte(at.bucket)).Put(at.key, record); err != nil {
		return fmt.Errorf("put %v: %w", at, err)
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
	found := make(map[string]*bbolt.Bucket)
	for _, name := range buckets() {
		if found[name] = tx.Bucket([]byte(name)); found[name] == nil {
			return fmt.Errorf("bucket %s is missing", name)
		}
	}
	s, err := decodeSummary(found[summaryBucket].Get(numbered(summaryBucket, 0).key))
	if err != nil {
		return err
	}
	r.Node, r.Cluster = s.Node, s.Cluster
	r.Cursor, r.Origin, r.Epoch = s.Cursor, s.Origin, s.Epoch
	if err := readBucket(found[entriesBucket], r.Entries, numberOf, decodeEntry); err != nil {
		return err
	}
	if err := readBucket(found[outboxBucket], r.Outbox, numberOf, decodeOutcome); err != nil {
		return err
	}
	if err := readBucket(found[actedBucket], r.Acted, nameOf, decodeActed); err != nil {
		return err
	}
	if len(r.Entries) != s.Entries || len(r.Outbox) != s.Outbox || len(r.Acted) != s.Acted {
		return fmt.Errorf("there are %d entries, %d outcomes and %d endpoints, but there were %d, %d and %d when it was written",
			len(r.Entries), len(r.Outbox), len(r.Acted), s.Entries, s.Outbox, s.Acted)
	}
	return nil
}

func numberOf(key []byte) (uint64, error) {
	if len(key) != 8 {
		return 0, fmt.Errorf("a record has the key %x", key)
	}
	return binary.BigEndian.Uint64(key), nil
}

func nameOf(key []byte) (string, error) { return string(key), nil }

func readBucket[K comparable, V any](b *bbolt.Bucket, into map[K]V, idOf func([]byte) (K, error), decode func(K, []byte) (V, error)) error {
	return b.ForEach(func(key, record []byte) error {
		id, err := idOf(key)
		if err != nil {
			return err
		}
		v, err := decode(id, record)
		if err != nil {
			return err
		}
		into[id] = v
		return nil
	})
}

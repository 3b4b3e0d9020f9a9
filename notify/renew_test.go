package notify

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// A write that fails may have lost earlier ones as well: the next one makes a
// new file, and nothing that was written before is missing from it.
func TestBoltLedger_RenewsItsFileAfterAFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	entry := func(id uint64) *Entry { return &Entry{Event: id, Key: "k", Stage: Waiting} }
	write := func(cursor uint64, ids ...uint64) error {
		b := newBatch(cursor, 1, 1)
		for _, id := range ids {
			b.Entries[id] = entry(id)
		}
		return l.Write(b)
	}
	for name, fail := range map[string]func() error{
		"refused": func() error {
			b := newBatch(11, 1, 1)
			b.Entries[11] = entry(11)
			if err := l.file.db.Close(); err != nil {
				return err
			}
			return l.Write(b)
		},
		"panicked": func() error {
			err := l.file.update(func(*bbolt.Tx) error { panic("a page is not what it should be") })
			l.suspect = true
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := write(10, 8, 9); err != nil {
				t.Fatal(err)
			}
			if err := fail(); err == nil {
				t.Fatal("it did not fail")
			}
			if err := write(12, 12); err != nil {
				t.Fatal(err)
			}
			want, err := l.Load()
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if l, err = OpenLedger(path); err != nil {
				t.Fatal(err)
			}
			got, err := l.Load()
			if diff := cmp.Diff(want, got); err != nil || diff != "" || len(got.Entries) != 3 || got.Cursor != 12 {
				t.Errorf("%v, and it holds\n%+v (-want +got)\n%s", err, got, diff)
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenLedger_OfANewerBuildIsNotDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	more := struct {
		summary
		Mood string `json:"mood"`
	}{Mood: "good"}
	err = l.file.update(func(tx *bbolt.Tx) error { return put(tx, numbered(summaryBucket, 0), more) })
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = OpenLedger(path)
	if err == nil || !strings.Contains(err.Error(), "newer build: install") || errors.Is(err, ErrDamaged) {
		t.Errorf("the error is %v", err)
	}
}

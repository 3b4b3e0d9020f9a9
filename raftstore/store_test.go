package raftstore_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"tocsin/raftstore"
)

const entries = 200

func entry(index uint64) *raft.Log {
	return &raft.Log{
		Index: index, Term: 1 + index/100, AppendedAt: time.Unix(1_700_000_000, 5).UTC(),
		Data: fmt.Appendf(nil, "entry %d %s", index, strings.Repeat("x", int(index%50))),
	}
}

// write makes the store of a node that has lived for a while.
func write(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "raft.db")
	s := open(tb, path)
	if err := errors.Join(s.SetUint64([]byte("CurrentTerm"), 3), s.SetUint64([]byte("LastVoteTerm"), 3), s.Set([]byte("LastVoteCand"), []byte("n2"))); err != nil {
		tb.Fatal(err)
	}
	for index := uint64(1); index <= entries; index += 10 {
		var logs []*raft.Log
		for i := range uint64(10) {
			logs = append(logs, entry(index+i))
		}
		if err := s.StoreLogs(logs); err != nil {
			tb.Fatal(err)
		}
	}
	if err := errors.Join(s.DeleteRange(1, 20), s.Close()); err != nil {
		tb.Fatal(err)
	}
	return path
}

func open(tb testing.TB, path string) *raftstore.Store {
	tb.Helper()
	s, err := raftstore.Open(raftstore.Config{Path: path, Owner: "n1"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() }) // once more does nothing
	return s
}

func TestStore_ComesBackAsItWasWritten(t *testing.T) {
	s := open(t, write(t))
	if first, last := s.Found(); first != 21 || last != entries {
		t.Errorf("found the entries %d to %d, want 21 to %d", first, last, entries)
	}
	if fault := readsWrong(s); fault != "" {
		t.Error(fault)
	}
}

// readsWrong compares all of s with what write wrote.
func readsWrong(s *raftstore.Store) string {
	for index := uint64(21); index <= entries; index++ {
		var l raft.Log
		if err := s.GetLog(index, &l); err != nil {
			return err.Error()
		}
		want := entry(index)
		if l.Index != index || l.Term != want.Term || !bytes.Equal(l.Data, want.Data) || l.Extensions != nil || !l.AppendedAt.Equal(want.AppendedAt) {
			return fmt.Sprintf("entry %d was read as %+v", index, l)
		}
	}
	term, err := s.GetUint64([]byte("CurrentTerm"))
	vote, err2 := s.Get([]byte("LastVoteCand"))
	if err := errors.Join(err, err2); err != nil || term != 3 || string(vote) != "n2" {
		return fmt.Sprintf("term %d, vote %q, %v", term, vote, err)
	}
	return ""
}

func TestStore_SaysNotFoundAsRaftExpects(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "raft.db"))
	if _, err := s.GetUint64([]byte("CurrentTerm")); err == nil || err.Error() != "not found" {
		t.Errorf("a missing value gives %v", err)
	}
	if err := s.GetLog(1, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Errorf("a missing entry gives %v", err)
	}
}

func TestStore_AfterClose(t *testing.T) {
	s := open(t, write(t))
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"StoreLog": s.StoreLog(entry(1)), "GetLog": s.GetLog(30, new(raft.Log)), "Set": s.Set([]byte("k"), nil),
	} {
		if !errors.Is(err, raftstore.ErrClosed) {
			t.Errorf("%s gives %v", what, err)
		}
	}
}

func TestOpen_RefusesTheStoreOfAnotherNode(t *testing.T) {
	_, err := raftstore.Open(raftstore.Config{Path: write(t), Owner: "n2"})
	if !errors.Is(err, raftstore.ErrForeign) || !strings.Contains(err.Error(), `"n1"`) {
		t.Errorf("got %v", err)
	}
}

func TestOpen_ToleratesTheGapBehindASnapshot(t *testing.T) {
	path := write(t)
	s := open(t, path)
	later := entry(90_000)
	later.Term = 3
	if err := errors.Join(s.StoreLog(later), s.Close()); err != nil {
		t.Fatal(err)
	}
	if first, last := open(t, path).Found(); first != 90_000 || last != 90_000 {
		t.Errorf("found %d to %d behind the gap", first, last)
	}
}

// TestOpen_RefusesWhatOnlyARecordShows changes records by bbolt itself, so that
// the structure of the file stays whole.
func TestOpen_RefusesWhatOnlyARecordShows(t *testing.T) {
	number := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	for name, test := range map[string]struct {
		spoil func(logs, conf *bbolt.Bucket) error
		want  string
	}{
		"a bit of an entry": {func(logs, _ *bbolt.Bucket) error {
			record := bytes.Clone(logs.Get(number(50)))
			record[len(record)/2] ^= 4
			return logs.Put(number(50), record)
		}, "entry 50"},
		"an entry in the place of another": {func(logs, _ *bbolt.Bucket) error {
			return logs.Put(number(60), logs.Get(number(61)))
		}, "entry 60 of the log: its checksum"},
		"an unsealed entry": {func(logs, _ *bbolt.Bucket) error {
			return logs.Put(number(60), []byte{0x80})
		}, "entry 60 of the log: it is cut off"},
		"an entry that is no entry": {func(logs, _ *bbolt.Bucket) error {
			return logs.Put(number(60), []byte("?"))
		}, "entry 60"},
		"a vote": {func(_, conf *bbolt.Bucket) error {
			record := bytes.Clone(conf.Get([]byte("LastVoteCand")))
			record[len(record)-1]++
			return conf.Put([]byte("LastVoteCand"), record)
		}, "LastVoteCand"},
		"a short term": {func(_, conf *bbolt.Bucket) error {
			return conf.Put([]byte("CurrentTerm"), []byte{1})
		}, "CurrentTerm"},
		"no term": {func(_, conf *bbolt.Bucket) error { return conf.Delete([]byte("CurrentTerm")) }, "the term that it remembers is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t)
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error { return test.spoil(tx.Bucket([]byte("logs")), tx.Bucket([]byte("conf"))) })
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			wantDamage(t, path, test.want)
		})
	}
}

func wantDamage(t *testing.T, path, words string) {
	t.Helper()
	s, err := raftstore.Open(raftstore.Config{Path: path})
	damage, ok := errors.AsType[*raftstore.Damage](err)
	if !ok {
		if s != nil {
			_ = s.Close()
		}
		t.Fatalf("got %v, want Damage", err)
	}
	if damage.Path != path || !strings.Contains(err.Error(), words) {
		t.Errorf("%q does not say %q of %s", err, words, path)
	}
}

func TestOpen_RefusesAFileThatWasCutOffAnywhere(t *testing.T) {
	whole, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.db")
	// What is behind the last page in use does not count.
	used := len(bytes.TrimRight(whole, "\x00"))
	for length := 0; length < used; length += 1 + length/50 {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		wantDamage(t, path, "")
	}
}

// TestOpen_FlippedBits: whatever is not refused reads as it was written.
func TestOpen_FlippedBits(t *testing.T) {
	whole, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "flipped.db")
	random := rand.New(rand.NewPCG(3, 4))
	used := len(bytes.TrimRight(whole, "\x00"))
	refused, tries := 0, 250
	for range tries {
		flipped := bytes.Clone(whole)
		at, bit := random.IntN(used), byte(1)<<random.IntN(8)
		flipped[at] ^= bit
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := raftstore.Open(raftstore.Config{Path: path, Owner: "n1"})
		if err != nil {
			refused++
			continue
		}
		if fault := readsWrong(s); fault != "" {
			t.Errorf("bit %#x of byte %d: %s", bit, at, fault)
		}
		if err := errors.Join(s.StoreLog(entry(entries+1)), s.Close()); err != nil {
			t.Errorf("bit %#x of byte %d: %v", bit, at, err)
		}
	}
	t.Logf("%d of %d flips were refused, the others were in free pages", refused, tries)
	if refused == 0 {
		t.Error("none was refused")
	}
}

// BenchmarkStoreLogs compares a Store with raft-boltdb itself, on the same disk.
func BenchmarkStoreLogs(b *testing.B) {
	plain, err := raftboltdb.NewBoltStore(filepath.Join(b.TempDir(), "plain.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	sealed := open(b, filepath.Join(b.TempDir(), "sealed.db"))
	guarded := raftstore.NewGuard(raftstore.GuardConfig{Log: sealed, Stable: sealed})
	for _, each := range []struct {
		name  string
		store raft.LogStore
	}{{"plain", plain}, {"sealed", sealed}, {"guarded", guarded}} {
		b.Run(each.name, func(b *testing.B) {
			index, _ := each.store.LastIndex()
			b.ReportAllocs()
			for b.Loop() {
				index++
				if err := each.store.StoreLog(&raft.Log{Index: index, Term: 1, Data: make([]byte, 100)}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(each.name+"/read", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := each.store.GetLog(1, new(raft.Log)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens a store as full as raft's compaction lets it become.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "raft.db")
	s := open(b, path)
	if err := s.SetUint64([]byte("CurrentTerm"), 1); err != nil {
		b.Fatal(err)
	}
	for index := uint64(1); index <= 15_000; index += 500 {
		logs := make([]*raft.Log, 500)
		for i := range logs {
			logs[i] = &raft.Log{Index: index + uint64(i), Term: 1, Data: make([]byte, 300)}
		}
		if err := s.StoreLogs(logs); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := raftstore.Open(raftstore.Config{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

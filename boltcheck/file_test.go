package boltcheck_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"tocsin/boltcheck"
)

// write makes a file with some history: two buckets, one of them inline, pages
// that run over, and pages that have become free.
func write(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "test.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for round := range 6 {
		err := db.Update(func(tx *bbolt.Tx) error {
			logs, err := tx.CreateBucketIfNotExists([]byte("logs"))
			if err != nil {
				return err
			}
			small, err := tx.CreateBucketIfNotExists([]byte("small"))
			if err != nil {
				return err
			}
			for i := range 200 {
				key := binary.BigEndian.AppendUint64(nil, uint64(round*200+i))
				if err := logs.Put(key, bytes.Repeat(key, 8)); err != nil {
					return err
				}
			}
			if err := logs.Put([]byte("long"), make([]byte, 10_000)); err != nil {
				return err
			}
			for i := range 300 {
				if err := logs.Delete(binary.BigEndian.AppendUint64(nil, uint64(round*150+i))); err != nil {
					return err
				}
			}
			return small.Put([]byte("term"), []byte{byte(round)})
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestFile_AcceptsWhatBboltWrote(t *testing.T) {
	records := map[string]int{}
	if err := boltcheck.File(write(t), func(bucket string, _ []byte) { records[bucket]++ }); err != nil {
		t.Error(err)
	}
	if want := map[string]int{"logs": 151, "small": 1}; !maps.Equal(records, want) {
		t.Errorf("visited %v, want %v", records, want)
	}
}

func TestFile_SaysWhatIsWrong(t *testing.T) {
	missing := boltcheck.File(filepath.Join(t.TempDir(), "none"), nil)
	if !errors.Is(missing, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", missing)
	}
	whole, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	for name, test := range map[string]struct {
		spoil func([]byte) []byte
		want  string
	}{
		"empty":                      {func([]byte) []byte { return nil }, "empty"},
		"half":                       {func(b []byte) []byte { return b[:len(b)/4] }, "cut off"},
		"within the first page":      {func(b []byte) []byte { return b[:20] }, "first page: the file was cut off"},
		"within the second page":     {func(b []byte) []byte { return b[:size+20] }, "second page: the file was cut off"},
		"another kind of file":       {func(b []byte) []byte { return bytes.Repeat([]byte("text\n"), 10_000) }, "not that of a bbolt file"},
		"a bit of the first page":    {func(b []byte) []byte { b[40] ^= 1; return b }, "first page: the checksum"},
		"a bit of the second page":   {func(b []byte) []byte { b[size+40] ^= 1; return b }, "second page: the checksum"},
		"all pages but these zeroed": {func(b []byte) []byte { clear(b[2*size:]); return b }, "says that it is page 0"},
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := test.spoil(bytes.Clone(whole))
			err := boltcheck.Check(bytes.NewReader(spoiled), int64(len(spoiled)), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestCheck_WhatPassesBboltCanRead flips bits and cuts files off. What is not
// refused, bbolt has to get through, all keys in their order.
func TestCheck_WhatPassesBboltCanRead(t *testing.T) {
	whole, err := os.ReadFile(write(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spoiled.db")
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 400 {
		spoiled := bytes.Clone(whole)
		if random.IntN(4) == 0 {
			spoiled = spoiled[:random.IntN(len(spoiled))]
		} else {
			// Near the start of a page there is more to break.
			at := random.IntN(len(spoiled)/4096)*4096 + random.IntN(256)
			spoiled[at] ^= 1 << random.IntN(8)
		}
		if boltcheck.Check(bytes.NewReader(spoiled), int64(len(spoiled)), nil) != nil {
			refused++
			continue
		}
		if err := os.WriteFile(path, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		readAll(t, path)
	}
	if refused == 0 || refused == 400 {
		t.Errorf("%d of 400 were refused", refused)
	}
}

// readAll reads and changes the file with bbolt, which panics if it can't.
func readAll(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			if err := b.ForEach(func(_, _ []byte) error { return nil }); err != nil {
				return err
			}
			return b.Put([]byte("new"), make([]byte, 5000))
		})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func FuzzCheck(f *testing.F) {
	whole, err := os.ReadFile(write(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[:64<<10], uint32(0), byte(0))
	f.Add(whole[:20], uint32(3), byte(255))
	f.Fuzz(func(_ *testing.T, file []byte, at uint32, with byte) {
		spoiled := bytes.Clone(whole)
		spoiled[int(at)%len(spoiled)] ^= with
		// Neither must panic or run away; whether it is refused is not known.
		_ = boltcheck.Check(bytes.NewReader(spoiled), int64(len(spoiled)), nil)
		_ = boltcheck.Check(bytes.NewReader(file), int64(len(file)), nil)
	})
}

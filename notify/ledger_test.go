package notify_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
)

// ledgers are all implementations: how to open one, and how to open again what
// is left of one when its process is gone.
var ledgers = map[string]func(testing.TB) (open func() notify.Ledger, reopen func(notify.Ledger) notify.Ledger){
	"memory": func(testing.TB) (func() notify.Ledger, func(notify.Ledger) notify.Ledger) {
		return func() notify.Ledger { return notify.NewMemoryLedger() },
			func(l notify.Ledger) notify.Ledger { return l.(*notify.MemoryLedger).Crash() }
	},
	"bolt": func(t testing.TB) (func() notify.Ledger, func(notify.Ledger) notify.Ledger) {
		path := ""
		return func() notify.Ledger {
				path = filepath.Join(t.TempDir(), "ledger.db")
				return openLedger(t, path)
			}, func(l notify.Ledger) notify.Ledger {
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				return openLedger(t, path)
			}
	},
}

func openLedger(t testing.TB, path string) *notify.BoltLedger {
	t.Helper()
	l, err := notify.OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func load(t testing.TB, l notify.Ledger) notify.Record {
	t.Helper()
	r, err := l.Load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLedger_Conformance(t *testing.T) {
	for name, maker := range ledgers {
		t.Run(name, func(t *testing.T) {
			t.Run("a new one is empty", func(t *testing.T) {
				open, reopen := maker(t)
				l := open()
				for range 2 {
					if r := load(t, l); r.Cursor != 0 || r.Origin != 0 || len(r.Entries) != 0 || len(r.Outbox) != 0 || len(r.Acted) != 0 {
						t.Errorf("it holds %+v", r)
					}
					l = reopen(l)
				}
			})
			t.Run("what was loaded can be changed", func(t *testing.T) {
				open, _ := maker(t)
				l := open()
				load(t, l).Entries[1] = notify.Entry{}
				if r := load(t, l); len(r.Entries) != 0 {
					t.Errorf("it holds %+v", r)
				}
			})
			t.Run("it holds what was written, again and again", func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					open, reopen := maker(t)
					l := open()
					want := notify.Record{Entries: map[uint64]notify.Entry{}, Outbox: map[uint64]fsm.Outcome{}, Acted: map[string]notify.Acted{}}
					for range rapid.IntRange(1, 8).Draw(rt, "writes") {
						b := drawBatch(rt, want.Cursor)
						if err := l.Write(b); err != nil {
							rt.Fatal(err)
						}
						follow(&want, b)
						if rapid.IntRange(0, 3).Draw(rt, "reopen") == 0 {
							l = reopen(l)
						}
						if diff := cmp.Diff(want, load(t, l)); diff != "" {
							rt.Fatalf("it holds something else (-want +got):\n%s", diff)
						}
					}
					_ = l.Close()
				})
			})
		})
	}
}

func drawBatch(rt *rapid.T, cursor uint64) notify.Batch {
	b := notify.Batch{Node: "n", Cluster: rapid.SampledFrom([]string{"c", "d"}).Draw(rt, "cluster"), Cursor: cursor + rapid.Uint64Range(0, 5).Draw(rt, "cursor"), Epoch: rapid.Uint64Range(0, 5).Draw(rt, "epoch"), Entries: map[uint64]*notify.Entry{}, Outbox: map[uint64]*fsm.Outcome{}, Acted: map[string]*notify.Acted{}}
	for range rapid.IntRange(0, 4).Draw(rt, "changes") {
		id := rapid.Uint64Range(1, 6).Draw(rt, "id")
		attempt := rapid.IntRange(1, 4).Draw(rt, "attempt")
		switch rapid.IntRange(0, 5).Draw(rt, "kind") {
		case 0:
			b.Entries[id] = nil
		case 1:
			b.Entries[id] = &notify.Entry{Event: id, Key: rapid.StringN(1, 20, -1).Draw(rt, "key"), Stage: notify.Started, Attempt: attempt, Generation: id, Sequence: 3, Role: fsm.Leader, TakenOver: true, Before: attempt - 1, Missed: attempt - 2}
		case 4:
			b.Acted[fmt.Sprint("key/", id)] = nil
		case 5:
			key := fmt.Sprint("key/", id)
			b.Acted[key] = &notify.Acted{Key: key, Generation: id, Event: id + 1, Sequence: 2, State: rapid.SampledFrom([]health.Status{health.Unknown, health.Up, health.Down}).Draw(rt, "state")}
		case 2:
			b.Outbox[id] = nil
		case 3:
			b.Outbox[id] = &fsm.Outcome{Event: id, Node: "n", Role: fsm.Follower, Ending: fsm.GaveUp, Attempt: attempt, Missed: 2, ExitCode: -1, Duration: fsm.Duration(time.Second), Output: "o", Problem: "p", Time: time.Unix(1e9, 5).UTC()}
		}
	}
	return b
}

// follow is what a ledger has to do, said slowly.
func follow(r *notify.Record, b notify.Batch) {
	r.Node, r.Cluster = b.Node, b.Cluster
	r.Cursor, r.Origin, r.Epoch = b.Cursor, b.Origin, b.Epoch
	for id, e := range b.Entries {
		if delete(r.Entries, id); e != nil {
			r.Entries[id] = *e
		}
	}
	for id, o := range b.Outbox {
		if delete(r.Outbox, id); o != nil {
			r.Outbox[id] = *o
		}
	}
	for key, a := range b.Acted {
		if delete(r.Acted, key); a != nil {
			r.Acted[key] = *a
		}
	}
}

func someBatch(entries int) notify.Batch {
	b := notify.Batch{Cursor: 1000, Entries: map[uint64]*notify.Entry{}, Outbox: map[uint64]*fsm.Outcome{}}
	for i := range uint64(entries) {
		b.Entries[i+1] = &notify.Entry{Event: i + 1, Key: fmt.Sprint("key ", i), Stage: notify.Waiting}
	}
	return b
}

// written returns the path of a closed ledger with something in it.
func written(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openLedger(t, path)
	if err := errors.Join(l.Write(someBatch(200)), l.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenLedger_RefusesDamage(t *testing.T) {
	edit := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	inBolt := func(change func(*bbolt.Tx) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(change), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(*testing.T, string){
		"a changed bit in its first page":  edit(func(b []byte) []byte { b[16+40] ^= 1; return b }),
		"a changed bit in its second page": edit(func(b []byte) []byte { b[os.Getpagesize()+16+40] ^= 1; return b }),
		"an empty file":                    edit(func([]byte) []byte { return nil }),
		"no ledger at all":                 edit(func([]byte) []byte { return []byte(strings.Repeat("something else ", 4000)) }),
		"cut to one page":                  edit(func(b []byte) []byte { return b[:os.Getpagesize()] }),
		"cut in the middle":                edit(func(b []byte) []byte { return b[:len(b)/3] }),
		"a changed bit": edit(func(b []byte) []byte {
			// In every place where the key stands: the pages of old
			// transactions hold copies.
			return []byte(strings.ReplaceAll(string(b), "key 77", "key 76"))
		}),
		"a lost entry": inBolt(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("entries")).Delete([]byte("\x00\x00\x00\x00\x00\x00\x00\x07"))
		}),
		"a moved entry": inBolt(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte("entries"))
			return b.Put([]byte("\x00\x00\x00\x00\x00\x00\x00\x07"), b.Get([]byte("\x00\x00\x00\x00\x00\x00\x00\x08")))
		}),
		"a lost bucket":     inBolt(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("outbox")) }),
		"a strange key":     inBolt(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("entries")).Put([]byte("x"), []byte("y")) }),
		"a damaged summary": inBolt(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("summary")).Put(make([]byte, 8), []byte("oh no")) }),
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t)
			damage(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := notify.OpenLedger(path)
			if err == nil {
				_ = l.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "tocsin recover quarantine --data-dir") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
				t.Errorf("the file was changed, or is gone: %v", err)
			}
		})
	}
}

// TestOpenLedger_RefusesOrReads changes one byte anywhere: the ledger is refused
// or reads as it was written, and nothing panics.
func TestOpenLedger_RefusesOrReads(t *testing.T) {
	path := written(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l := openLedger(t, path)
	want := load(t, l)
	_ = l.Close()
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(string(whole))
		at := rapid.IntRange(0, len(data)-1).Draw(rt, "at")
		data[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			rt.Fatal(err)
		}
		l, err := notify.OpenLedger(path)
		if err != nil {
			refused++
			return
		}
		defer l.Close()
		if diff := cmp.Diff(want, load(t, l)); diff != "" {
			rt.Errorf("byte %d: it reads as something else:\n%s", at, diff)
		}
	})
	t.Log(refused, "were refused")
}

func TestOpenLedger_RefusesASecondProcess(t *testing.T) {
	path := written(t)
	l := openLedger(t, path)
	began := time.Now()
	if _, err := notify.OpenLedger(path); err == nil || !strings.Contains(err.Error(), "held by another process") {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	openLedger(t, path)
}

func TestOpenLedger_IsPrivate(t *testing.T) {
	info, err := os.Stat(written(t))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has the mode %v", mode)
	}
}

func TestOpenLedger_AfterACrashWhileItWasMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := load(t, openLedger(t, path)); r.Cursor != 0 {
		t.Errorf("it holds %+v", r)
	}
}

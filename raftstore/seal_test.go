package raftstore

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

func drawLog(t *rapid.T) *raft.Log {
	return &raft.Log{
		Index: rapid.Uint64().Draw(t, "index"), Term: rapid.Uint64().Draw(t, "term"),
		Type:       raft.LogType(rapid.Uint8().Draw(t, "type")),
		Data:       rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data"),
		Extensions: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "extensions"),
		AppendedAt: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")),
	}
}

func TestSeal_LogComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLog(t)
		before := *l
		sealed := *sealLog(l)
		if diff := cmp.Diff(before, *l); diff != "" {
			t.Fatalf("sealing changed what raft still uses:\n%s", diff)
		}
		if err := unsealLog(l.Index, &sealed); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sealed.Extensions, l.Extensions) || !bytes.Equal(sealed.Data, l.Data) || sealed.Index != l.Index || sealed.Term != l.Term {
			t.Fatalf("%+v came back as %+v", l, sealed)
		}
	})
}

func TestSeal_EveryChangeIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLog(t)
		l.Data, l.Extensions = append(l.Data, 'd'), append(l.Extensions, 'e')
		sealed := *sealLog(l)
		sealed.Data = bytes.Clone(sealed.Data)
		index := l.Index
		bit := byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
		switch rapid.SampledFrom([]string{"data", "extensions", "index", "term", "type", "time", "place", "border"}).Draw(t, "what") {
		case "data":
			sealed.Data[rapid.IntRange(0, len(sealed.Data)-1).Draw(t, "at")] ^= bit
		case "extensions":
			sealed.Extensions[rapid.IntRange(0, len(sealed.Extensions)-1).Draw(t, "at")] ^= bit
		case "index":
			sealed.Index ^= uint64(bit)
		case "term":
			sealed.Term ^= uint64(bit)
		case "type":
			sealed.Type ^= raft.LogType(bit)
		case "time":
			sealed.AppendedAt = sealed.AppendedAt.Add(time.Duration(bit))
		case "place":
			index++
		case "border":
			// The last byte of the data becomes the first of the extensions.
			last := len(sealed.Data) - 1
			moved := append([]byte{}, sealed.Extensions[:sealSize]...)
			sealed.Extensions = append(append(moved, sealed.Data[last]), sealed.Extensions[sealSize:]...)
			sealed.Data = sealed.Data[:last]
		}
		if unsealLog(index, &sealed) == nil {
			t.Fatal("the change went unseen")
		}
	})
}

func FuzzUnsealValue(f *testing.F) {
	f.Add([]byte("CurrentTerm"), sealValue([]byte("CurrentTerm"), []byte{0, 0, 0, 0, 0, 0, 0, 7}))
	f.Add([]byte("k"), []byte{sealVersion})
	f.Add([]byte(""), []byte{})
	f.Fuzz(func(t *testing.T, key, record []byte) {
		value, err := unsealValue(key, record)
		if err == nil && !bytes.Equal(sealValue(key, value), record) {
			t.Errorf("%x was taken for a record of %x, which is written %x", record, value, sealValue(key, value))
		}
	})
}

func FuzzUnsealLog(f *testing.F) {
	l := &raft.Log{Index: 5, Term: 2, Data: []byte("data")}
	f.Add(uint64(5), uint64(2), byte(0), []byte("data"), sealLog(l).Extensions)
	f.Fuzz(func(t *testing.T, index, term uint64, kind byte, data, extensions []byte) {
		l := raft.Log{Index: index, Term: term, Type: raft.LogType(kind), Data: data, Extensions: extensions}
		if unsealLog(index, &l) == nil && !bytes.Equal(sealLog(&l).Extensions, extensions) {
			t.Errorf("%x was taken for the seal of %+v", extensions, l)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for name, size := range map[string]int{"100B": 100, "64KiB": 64 << 10} {
		l := &raft.Log{Index: 1, Term: 1, Data: make([]byte, size)}
		b.Run("seal/"+name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				sealLog(l)
			}
		})
		sealed := sealLog(l)
		b.Run("unseal/"+name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				read := *sealed
				if err := unsealLog(1, &read); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package gossipdb_test

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/gossipdb"
	"tocsin/health"
)

func down(slot uint32, reason string) gossipdb.Vote {
	return gossipdb.Vote{Slot: slot, Verdict: health.Down, Reason: reason}
}

func up(slot uint32) gossipdb.Vote { return gossipdb.Vote{Slot: slot, Verdict: health.Up} }

func TestDB_SendsNothingBeforeOpen(t *testing.T) {
	db := gossipdb.New("n1")
	db.Cast(7, []gossipdb.Vote{down(3, "refused"), up(2500)})
	db.Refresh()
	if out := db.Outgoing().Take(); len(out) > 0 || db.Table().Nodes() > 0 {
		t.Fatalf("without an epoch there are ballots: %+v", out)
	}
	db.Open(0)
	db.Open(40)
	want := []*gossipdb.Ballot{
		{Node: "n1", Epoch: 40, Sequence: 1, Index: 7, Bits: []byte{0x80}, Reasons: []gossipdb.Reason{{Slot: 3, Text: "refused"}}},
		{Node: "n1", Epoch: 40, Sequence: 2, Index: 7, Page: 1, Bits: append(make([]byte, 113), 0x01)},
	}
	if diff := cmp.Diff(want, sent(db)); diff != "" {
		t.Error(diff)
	}
	db.Open(39)
	db.Open(40)
	if again := sent(db); again != nil {
		t.Errorf("opened again with no larger epoch it sent %+v", again)
	}
	db.Open(41)
	if again := sent(db); len(again) != 2 || again[0].Version() != (gossipdb.Version{Epoch: 41, Sequence: 1}) {
		t.Errorf("opened with a larger epoch it sent %+v", again)
	}
}

// sent takes what waits to be sent.
func sent(db *gossipdb.DB) (ballots []*gossipdb.Ballot) {
	for _, h := range db.Outgoing().Take() {
		ballots = append(ballots, h.Ballot)
	}
	return ballots
}

func TestDB_CastSendsOnlyWhatChanged(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	db.Cast(5, []gossipdb.Vote{up(1), up(2048), up(4096)})
	sent(db)

	db.Cast(6, []gossipdb.Vote{up(1)})
	if out := sent(db); out != nil {
		t.Errorf("only the index moved, and it sent %+v", out)
	}
	if h, _ := db.Table().Get("n1", 2); h.Ballot.Index != 6 || h.Ballot.Verdict(4096) != health.Up {
		t.Errorf("the own table holds %+v, want index 6 at once", h.Ballot)
	}
	db.Cast(7, []gossipdb.Vote{down(2048, "")})
	out := sent(db)
	if len(out) != 1 || out[0].Page != 1 || out[0].Index != 7 || out[0].Verdict(2048) != health.Down {
		t.Errorf("one page changed, and it sent %+v", out)
	}
	db.Refresh()
	if out := sent(db); len(out) != 3 || out[0].Index != 7 {
		t.Errorf("a refresh sent %+v, want 3 pages of index 7", out)
	}
	db.Cast(8, []gossipdb.Vote{up(gossipdb.MaxPages * gossipdb.PageSlots), up(math.MaxUint32), {Slot: 1, Verdict: 3}})
	if n := db.Stats().VotesRefused; n != 3 || sent(db) != nil {
		t.Errorf("%d votes refused, want 3 and nothing sent", n)
	}
}

// Whatever is cast, a ballot holds the verdicts as of its own index.
func TestDB_CastAgreesWithSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, twin := gossipdb.New("n1"), map[uint32]health.Status{}
		db.Open(1)
		var last gossipdb.Version
		for index := range uint64(rapid.IntRange(1, 6).Draw(t, "casts")) {
			var votes []gossipdb.Vote
			for _, slot := range rapid.SliceOfN(rapid.Uint32Range(0, 3*gossipdb.PageSlots), 0, 40).Draw(t, "slots") {
				v := gossipdb.Vote{Slot: slot, Verdict: health.Status(rapid.IntRange(0, 2).Draw(t, "verdict")), Reason: rapid.String().Draw(t, "reason")}
				votes, twin[slot] = append(votes, v), v.Verdict
			}
			db.Cast(index, votes)
			for h := range db.Table().All() {
				if err := h.Ballot.Validate(); err != nil {
					t.Fatal(err)
				}
				if h.Ballot.Index != index {
					t.Fatalf("page %d has index %d, want %d", h.Ballot.Page, h.Ballot.Index, index)
				}
				for _, r := range h.Ballot.Reasons {
					if twin[r.Slot] == health.Up {
						t.Fatalf("slot %d is UP and has the reason %q", r.Slot, r.Text)
					}
				}
			}
			for slot, want := range twin {
				if got := statusOf(db.Table(), "n1", slot); got != want {
					t.Fatalf("slot %d is %v, want %v", slot, got, want)
				}
			}
			for _, b := range sent(db) {
				if b.Version().Compare(last) <= 0 {
					t.Fatalf("version %v after %v", b.Version(), last)
				}
				last = b.Version()
			}
		}
	})
}

func TestDB_ReasonsOfTheNewestChanges(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	for slot := range uint32(12) {
		db.Cast(1, []gossipdb.Vote{down(slot, fmt.Sprint("reason ", slot))})
	}
	db.Cast(1, []gossipdb.Vote{down(0, "another reason, no newer change")})
	db.Cast(1, []gossipdb.Vote{up(10), {Slot: 11}})
	want := []gossipdb.Reason{
		{Slot: 2, Text: "reason 2"},
		{Slot: 3, Text: "reason 3"},
		{Slot: 4, Text: "reason 4"},
		{Slot: 5, Text: "reason 5"},
		{Slot: 6, Text: "reason 6"},
		{Slot: 7, Text: "reason 7"},
		{Slot: 8, Text: "reason 8"},
		{Slot: 9, Text: "reason 9"},
	}
	h, _ := db.Table().Get("n1", 0)
	if diff := cmp.Diff(want, h.Ballot.Reasons); diff != "" {
		t.Error(diff)
	}
	if got := h.Ballot.Reason(5) + h.Ballot.Reason(10); got != "reason 5" {
		t.Errorf("Reason gives %q", got)
	}
}

func TestDB_ReasonsAreTidied(t *testing.T) {
	long := strings.Repeat("x", gossipdb.MaxReason-1)
	cases := map[string]string{
		long + "ü":         long,
		long + "x":         long + "x",
		"two\nlines\t\x1b": "two lines",
		"broken \xff":      "broken ?",
		" \n":              "",
	}
	for given, want := range cases {
		db := gossipdb.New("n1")
		db.Open(1)
		db.Cast(1, []gossipdb.Vote{down(3, given)})
		h, _ := db.Table().Get("n1", 0)
		if got := h.Ballot.Reason(3); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		db := gossipdb.New("n1")
		db.Open(1)
		db.Cast(1, []gossipdb.Vote{down(3, string(rapid.SliceOf(rapid.Byte()).Draw(t, "reason")))})
		h, _ := db.Table().Get("n1", 0)
		if err := h.Ballot.Validate(); err != nil || !utf8.ValidString(h.Ballot.Reason(3)) {
			t.Fatal(err)
		}
	})
}

func TestDB_ReceiveAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := gossipdb.New("n1")
		for i, age := range []time.Duration{-time.Hour, 0, time.Minute, math.MaxInt64} {
			b := &gossipdb.Ballot{Node: "n2", Epoch: uint64(i + 1)}
			encoded := gossipdb.AppendEnvelope(nil, b.Append(nil), age)
			decoded, carried, err := gossipdb.DecodeEnvelope(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if !db.Receive(decoded, carried) || db.Receive(decoded, carried) {
				t.Error("want it new the first time only")
			}
			want := max(0, min(age, math.MaxUint32*time.Millisecond))
			if h, _ := db.Table().Get("n2", 0); time.Since(h.MadeAt) != want {
				t.Errorf("age %v is held as %v, want %v", age, time.Since(h.MadeAt), want)
			}
		}
		// A part of a millisecond counts as a whole one.
		b := &gossipdb.Ballot{Node: "n2", Epoch: 9}
		if _, age, _ := gossipdb.DecodeEnvelope(gossipdb.AppendEnvelope(nil, b.Append(nil), time.Microsecond)); age != time.Millisecond {
			t.Errorf("a microsecond is carried as %v", age)
		}
	})
}

func TestDB_NothingFromOutsideOverOurOwn(t *testing.T) {
	db := gossipdb.New("n1")
	ghost := &gossipdb.Ballot{Node: "n1", Epoch: 5, Sequence: 100}
	if db.Receive(ghost, 0); db.Stats().Echoes != 1 {
		t.Error("before Open the process before us is no usurper")
	}
	db.Open(6)
	for _, b := range []*gossipdb.Ballot{ghost, {Node: "n1", Epoch: 6, Sequence: 1}, {Node: "n1", Epoch: 7}, {Node: "n1", Epoch: 8}} {
		if db.Receive(b, 0) {
			t.Errorf("%+v is said to be new", b)
		}
	}
	if h, _ := db.Table().Get("n1", 0); h.Ballot.Version() != (gossipdb.Version{Epoch: 6, Sequence: 1}) {
		t.Errorf("the own ballot is %+v now", h.Ballot)
	}
	if s := db.Stats(); s.Usurped != 2 || s.Echoes != 3 || <-db.Usurped() != 7 {
		t.Errorf("counted %+v, want 2 usurpers, the first of epoch 7", s)
	}
}

func TestDB_Bounds(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	for i := range gossipdb.MaxNodes + 10 {
		db.Receive(&gossipdb.Ballot{Node: fmt.Sprint("other", i), Epoch: 1}, 0)
	}
	if got := db.Table().Nodes(); got != gossipdb.MaxNodes+1 {
		t.Errorf("%d nodes are held, want %d and ourselves", got, gossipdb.MaxNodes)
	}
	if s := db.Stats(); s.Overflow != 10 {
		t.Errorf("%d overflows counted, want 10", s.Overflow)
	}
	if !db.Receive(&gossipdb.Ballot{Node: "other3", Epoch: 2}, 0) {
		t.Error("a node that is held already is refused")
	}
}

func TestDB_Remove(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	b := &gossipdb.Ballot{Node: "n2", Epoch: 2, Sequence: 5, Bits: []byte{1}}
	db.Receive(b, 0)
	if db.Remove("n2", 0, gossipdb.Version{Epoch: 2, Sequence: 4}) {
		t.Error("removed a newer one than was meant")
	}
	if db.Remove("n1", 0, gossipdb.Version{Epoch: math.MaxUint64}) {
		t.Error("removed our own")
	}
	if !db.Remove("n2", 0, b.Version()) || db.Remove("n2", 0, b.Version()) {
		t.Error("want it removed once")
	}
}

func TestDB_Subscribe(t *testing.T) {
	db := gossipdb.New("n1")
	changes := db.Subscribe()
	if len(changes.Ready()) > 0 {
		t.Error("ready before anything changed")
	}
	db.Open(1)
	db.Cast(1, []gossipdb.Vote{up(9), up(3)})
	db.Receive(&gossipdb.Ballot{Node: "n2", Epoch: 1, Bits: []byte{1}}, 0)
	<-changes.Ready()
	if slots, all := changes.Take(); !cmp.Equal(slots, []uint32{0, 3, 9}) || all {
		t.Errorf("Take = %v, %v, want [0 3 9]", slots, all)
	}
	db.Refresh()
	if slots, all := changes.Take(); len(slots) > 0 || all || len(changes.Ready()) > 0 {
		t.Errorf("a refresh without change gives %v, %v", slots, all)
	}
	db.Cast(2, nil)
	if slots, _ := changes.Take(); !cmp.Equal(slots, []uint32{3, 9}) {
		t.Errorf("with a new index every verdict may count anew, but Take = %v", slots)
	}
	votes := make([]gossipdb.Vote, 20_000)
	for i := range votes {
		votes[i] = down(uint32(i), "")
	}
	db.Cast(3, votes)
	if slots, all := changes.Take(); !all || slots != nil {
		t.Errorf("too many changes give %d slots, %v", len(slots), all)
	}
	changes.Close()
	changes.Close()
	db.Cast(4, []gossipdb.Vote{up(1)})
	if slots, _ := changes.Take(); len(slots) > 0 {
		t.Error("told after Close")
	}
}

func TestDB_ManyAtOnce(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	changes := db.Subscribe()
	defer changes.Close()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for seq := range uint64(200) {
				db.Receive(&gossipdb.Ballot{Node: fmt.Sprint("other", i), Epoch: 1, Sequence: seq, Bits: []byte{byte(1 + seq%2)}}, 0)
			}
		})
		group.Go(func() {
			for range 200 {
				db.Refresh()
				db.Outgoing().Take()
				changes.Take()
				for range db.Table().All() {
				}
			}
		})
	}
	group.Wait()
	if h, _ := db.Table().Get("n1", 0); h.Ballot.Sequence != 801 {
		t.Errorf("sequence %d, want 801", h.Ballot.Sequence)
	}
	if s := db.Stats(); s.New != 800 {
		t.Errorf("%d were new, want 800", s.New)
	}
}

func TestParseLine(t *testing.T) {
	cases := []struct {
		line  string
		level slog.Level
		text  string
	}{
		{"[DEBUG] memberlist: Stream connection\n", slog.LevelDebug, "Stream connection"},
		{"[INFO] memberlist: x [y]", slog.LevelInfo, "x [y]"},
		{"[ERR] memberlist: a\n", slog.LevelError, "a"},
		{"[ERROR] b", slog.LevelError, "b"},
		{"2026/11/20 [WARN] c", slog.LevelWarn, "c"},
		{"Err: could not [x] set", slog.LevelWarn, "Err: could not [x] set"},
		{"", slog.LevelWarn, ""},
	}
	for _, c := range cases {
		if level, text := gossipdb.ParseLine(c.line); level != c.level || text != c.text {
			t.Errorf("%q is %v %q, want %v %q", c.line, level, text, c.level, c.text)
		}
	}
}

func BenchmarkDB_Refresh10000(b *testing.B) {
	db := gossipdb.New("n1")
	for slot := range uint32(10_000) {
		db.Cast(1, []gossipdb.Vote{{Slot: slot, Verdict: health.Status(1 + slot%7/6), Reason: "connection refused"}})
	}
	db.Open(1)
	b.ReportAllocs()
	for b.Loop() {
		db.Refresh()
		db.Outgoing().Take()
	}
}

package gossipdb_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tocsin/gossipdb"
	"tocsin/health"
)

// onePacket is what is left of memberlist's 1400 bytes when all it may add,
// encryption included, and a round reserve are taken away.
const onePacket = 1300

func TestBallot_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBallot(t)
		if err := b.Validate(); err != nil {
			t.Fatal(err)
		}
		prefix := []byte("what was there before")
		encoded := b.Append(prefix)
		if !bytes.HasPrefix(encoded, prefix) {
			t.Fatal("Append lost what was there before")
		}
		got, err := gossipdb.DecodeBallot(encoded[len(prefix):])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestBallot_FitsOnePacket(t *testing.T) {
	for page := range uint16(gossipdb.MaxPages) {
		b := fullBallot(page)
		if err := b.Validate(); err != nil {
			t.Fatal(err)
		}
		if n := len(gossipdb.AppendEnvelope(nil, b.Append(nil), 0)); n >= onePacket {
			t.Errorf("page %d takes %d bytes, want less than %d", page, n, onePacket)
		}
	}
}

// Ten thousand endpoints, nearly all of them up.
func TestBallot_HealthyPagesAreSmall(t *testing.T) {
	db := gossipdb.New("n1")
	votes := make([]gossipdb.Vote, 10_000)
	for i := range votes {
		votes[i] = gossipdb.Vote{Slot: uint32(i), Verdict: health.Up}
		if i%500 == 499 {
			votes[i] = gossipdb.Vote{Slot: uint32(i), Verdict: health.Down, Reason: strings.Repeat("é", 100)}
		}
	}
	db.Cast(7, votes)
	db.Open(3)
	ballots := db.Outgoing().Take()
	if len(ballots) != 5 {
		t.Fatalf("%d ballots, want 5", len(ballots))
	}
	for _, h := range ballots {
		if n := len(h.Ballot.Append(nil)) - 66*len(h.Ballot.Reasons); n > 100 {
			t.Errorf("page %d takes %d bytes beside its reasons, want 100 at most", h.Ballot.Page, n)
		}
	}
}

func TestDecodeBallot_Refuses(t *testing.T) {
	good := func() *gossipdb.Ballot {
		return &gossipdb.Ballot{
			Node: "n", Epoch: 1, Bits: []byte{1, 2, 1},
			Reasons: []gossipdb.Reason{{Slot: 4, Text: "a"}, {Slot: 9, Text: "b"}},
		}
	}
	ballots := map[string]func(b *gossipdb.Ballot){
		"no node":                 func(b *gossipdb.Ballot) { b.Node = "" },
		"a long name":             func(b *gossipdb.Ballot) { b.Node = strings.Repeat("n", gossipdb.MaxNode+1) },
		"a name that is no text":  func(b *gossipdb.Ballot) { b.Node = "\xff" },
		"a name that beeps":       func(b *gossipdb.Ballot) { b.Node = "\a" },
		"epoch 0":                 func(b *gossipdb.Ballot) { b.Epoch = 0 },
		"a page too far":          func(b *gossipdb.Ballot) { b.Page = gossipdb.MaxPages; b.Reasons = nil },
		"too many verdicts":       func(b *gossipdb.Ballot) { b.Bits = bytes.Repeat([]byte{1}, gossipdb.PageSlots/4+1) },
		"a trailing zero":         func(b *gossipdb.Ballot) { b.Bits = []byte{1, 0} },
		"a fourth verdict":        func(b *gossipdb.Ballot) { b.Bits = []byte{0x0c} },
		"too many reasons":        func(b *gossipdb.Ballot) { b.Reasons = manyReasons(gossipdb.MaxReasons + 1) },
		"a long reason":           func(b *gossipdb.Ballot) { b.Reasons[0].Text = strings.Repeat("x", gossipdb.MaxReason+1) },
		"an empty reason":         func(b *gossipdb.Ballot) { b.Reasons[0].Text = "" },
		"a reason of two lines":   func(b *gossipdb.Ballot) { b.Reasons[0].Text = "a\nb" },
		"reasons out of order":    func(b *gossipdb.Ballot) { b.Reasons[1].Slot = 1 },
		"two reasons of one slot": func(b *gossipdb.Ballot) { b.Reasons[1].Slot = 4 },
		"an abstention with verdicts": func(b *gossipdb.Ballot) {
			b.Reasons, b.Abstains = nil, "no canary answers"
		},
		"an abstention with reasons": func(b *gossipdb.Ballot) {
			b.Bits, b.Abstains = nil, "no canary answers"
		},
		"a long abstention": func(b *gossipdb.Ballot) {
			b.Bits, b.Reasons, b.Abstains = nil, nil, strings.Repeat("x", gossipdb.MaxReason+1)
		},
		"an abstention of two lines": func(b *gossipdb.Ballot) {
			b.Bits, b.Reasons, b.Abstains = nil, nil, "a\nb"
		},
	}
	for name, spoil := range ballots {
		t.Run(name, func(t *testing.T) {
			b := good()
			spoil(b)
			if b.Validate() == nil {
				t.Error("Validate accepts it")
			}
			if got, err := gossipdb.DecodeBallot(b.Append(nil)); err == nil {
				t.Errorf("decoded to %+v", got)
			}
			if gossipdb.New("self").Receive(b, 0) {
				t.Error("Receive takes it")
			}
		})
	}

	whole := good().Append(nil)
	for i := range whole {
		if got, err := gossipdb.DecodeBallot(whole[:i]); err == nil {
			t.Errorf("cut off after %d bytes it decodes to %+v", i, got)
		}
	}
	if _, err := gossipdb.DecodeBallot(append(whole, 0)); err == nil {
		t.Error("decoded with a byte left over")
	}
	if _, err := gossipdb.DecodeBallot(append([]byte{2}, whole[1:]...)); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("another format: %v", err)
	}
}

func manyReasons(n int) []gossipdb.Reason {
	var reasons []gossipdb.Reason
	for slot := range uint32(n) {
		reasons = append(reasons, gossipdb.Reason{Slot: slot, Text: "x"})
	}
	return reasons
}

func FuzzDecodeBallot(f *testing.F) {
	f.Add([]byte{})
	f.Add(fullBallot(3).Append(nil))
	f.Add((&gossipdb.Ballot{Node: "n", Epoch: 1}).Append(nil))
	f.Add((&gossipdb.Ballot{Node: "n", Epoch: 1, Abstains: "no canary answers"}).Append(nil))
	f.Add((&gossipdb.Ballot{Node: "n", Epoch: 1, Bits: bytes.Repeat([]byte{0x55}, 300), Reasons: manyReasons(2)}).Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := gossipdb.DecodeBallot(data)
		if err != nil {
			return
		}
		if err := b.Validate(); err != nil {
			t.Errorf("decoded, but not valid: %v", err)
		}
		if !bytes.Equal(b.Append(nil), data) {
			t.Error("written again it differs")
		}
		if len(data) >= onePacket {
			t.Errorf("%d bytes", len(data))
		}
	})
}

func FuzzDecodeEnvelope(f *testing.F) {
	f.Add(gossipdb.AppendEnvelope(nil, fullBallot(0).Append(nil), 1234567890))
	f.Add(gossipdb.AppendEnvelope(nil, nil, -1))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, age, err := gossipdb.DecodeEnvelope(data)
		if err == nil && !bytes.Equal(gossipdb.AppendEnvelope(nil, b.Append(nil), age), data) {
			t.Error("written again it differs")
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	db := gossipdb.New("n1")
	db.Open(1)
	db.Cast(1, []gossipdb.Vote{{Slot: 5000, Verdict: health.Up}})
	state, _ := gossipdb.AppendState(nil, db.Table().All(), time.Now(), 1<<20)
	f.Add(state)
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for envelope, whole := range gossipdb.DecodeState(data) {
			if !whole && envelope != nil {
				t.Error("a broken state gave an envelope")
			}
			total += len(envelope)
		}
		if total > len(data) {
			t.Errorf("%d bytes out of %d", total, len(data))
		}
	})
}

func BenchmarkBallot_Append(b *testing.B) {
	ballot, buffer := fullBallot(0), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = ballot.Append(buffer[:0])
	}
}

func BenchmarkDecodeBallot(b *testing.B) {
	healthy := fullBallot(0)
	healthy.Bits, healthy.Reasons = bytes.Repeat([]byte{0x55}, gossipdb.PageSlots/4), nil
	for name, ballot := range map[string]*gossipdb.Ballot{"full": fullBallot(0), "healthy": healthy} {
		b.Run(name, func(b *testing.B) {
			data := ballot.Append(nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gossipdb.DecodeBallot(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

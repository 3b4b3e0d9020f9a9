package gossipdb

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"tocsin/health"
)

// registry is who has registered which key.
type registry map[string]ed25519.PublicKey

func (r registry) of(node string) (ed25519.PublicKey, bool) {
	key, known := r[node]
	return key, known
}

func keyFor(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// signed is a DB of a cluster in which everybody but bare has registered a key.
func signed(self string, key ed25519.PrivateKey, keys registry) *DB {
	return NewSigned(self, Signing{Key: key, KeyOf: keys.of, Cluster: func() string { return "c1" }})
}

// ballotsOf makes n ballots of a node, one newer than the other, as it sends them.
func ballotsOf(t testing.TB, d *DB, epoch uint64, n int) []*Ballot {
	t.Helper()
	d.Open(epoch)
	var all []*Ballot
	for i := range n {
		d.Cast(uint64(i+1), []Vote{{Slot: 3, Verdict: []health.Status{health.Up, health.Down}[i%2], Reason: "because"}})
		held, ok := d.Table().Get(d.Self(), 0)
		if !ok {
			t.Fatal("it made no ballot")
		}
		sent, err := DecodeBallot(held.Ballot.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sent)
	}
	return all
}

// TestSigned_NobodyVotesForAnother: who can speak to all, and knows all that was
// ever said, still brings in nothing that the node did not say.
func TestSigned_NobodyVotesForAnother(t *testing.T) {
	own, evil := keyFor(1), keyFor(2)
	keys := registry{"n1": public(own), "evil": public(evil), "n2": public(keyFor(3)), "bare": nil}
	sent := ballotsOf(t, signed("n1", own, keys), 10, 3)
	asEvil := signed("evil", evil, keys).signing
	change := func(with func(*Ballot)) *Ballot {
		b := *sent[2]
		b.Sequence++ // or it would not be looked at
		with(&b)
		return &b
	}
	for name, forged := range map[string]*Ballot{
		"another verdict":              change(func(b *Ballot) { b.Bits = []byte{0x80} }),
		"another reason":               change(func(b *Ballot) { b.Reasons = nil }),
		"a later sequence":             change(func(*Ballot) {}),
		"a far future sequence":        change(func(b *Ballot) { b.Sequence = 1<<64 - 1 }),
		"a far future epoch":           change(func(b *Ballot) { b.Epoch = 1<<64 - 1 }),
		"another index":                change(func(b *Ballot) { b.Index = 99 }),
		"another page":                 change(func(b *Ballot) { b.Page, b.Reasons = 1, nil }),
		"an abstention":                change(func(b *Ballot) { b.Bits, b.Reasons, b.Abstains = nil, nil, "sick" }),
		"no signature":                 change(func(b *Ballot) { b.Signature = nil }),
		"signed by another node's key": asEvil.sign(change(func(*Ballot) {})),
		"signed for another cluster":   Signing{Key: own, Cluster: func() string { return "c2" }}.sign(change(func(*Ballot) {})),
		"a node that nobody knows":     asEvil.sign(change(func(b *Ballot) { b.Node = "ghost" })),
		"another node's ballot":        change(func(b *Ballot) { b.Node = "n2" }),
	} {
		d := signed("n2", keyFor(3), keys)
		if !d.Receive(sent[2], 0) {
			t.Fatal("a good ballot was refused")
		}
		before := d.Table()
		if d.Receive(forged, 0) || d.Table() != before || d.Stats().Forged != 1 {
			t.Errorf("%s: it was taken; forged %d", name, d.Stats().Forged)
		}
		select {
		case <-d.Usurped():
			t.Errorf("%s: it made the node doubt that it is the only one of its name", name)
		default:
		}
	}
}

// TestSigned_ReplayedBallotsAreOld: they are good, and change nothing.
func TestSigned_ReplayedBallotsAreOld(t *testing.T) {
	own := keyFor(1)
	keys := registry{"n1": public(own), "n2": nil}
	sent := ballotsOf(t, signed("n1", own, keys), 10, 3)
	again := ballotsOf(t, signed("n1", own, keys), 20, 1) // it was started again
	d := signed("n2", nil, keys)
	for _, b := range []*Ballot{sent[2], again[0]} {
		if !d.Receive(b, 0) {
			t.Fatal("a good ballot was refused")
		}
	}
	before := d.Table()
	for _, b := range append(sent, again...) {
		if d.Receive(b, 0) {
			t.Errorf("epoch %d, sequence %d was taken again", b.Epoch, b.Sequence)
		}
	}
	if d.Table() != before || d.Stats().Forged != 0 {
		t.Errorf("forged %d", d.Stats().Forged)
	}
}

// TestSigned_WhoHasNoKeyOwesNoSignature, and once it has registered one, what
// was said in its name before stands in nobody's way.
func TestSigned_WhoHasNoKeyOwesNoSignature(t *testing.T) {
	own := keyFor(1)
	keys := registry{"n1": nil, "n2": nil}
	d := signed("n2", nil, keys)
	unsigned := &Ballot{Node: "n1", Epoch: 1 << 60, Sequence: 1 << 60, Index: 1}
	if !d.Receive(unsigned, 0) {
		t.Fatal("it was refused")
	}
	keys["n1"] = public(own)
	good := ballotsOf(t, signed("n1", own, keys), 10, 1)[0]
	if !d.Receive(good, 0) {
		t.Fatal("a good ballot was refused for an unsigned one")
	}
	if d.Receive(unsigned, 0) {
		t.Error("an unsigned ballot was taken after the key was registered")
	}
}

// TestSigned_OfOurOwnName: an echo is none to worry about, a forgery neither, but
// another process with our key is.
func TestSigned_OfOurOwnName(t *testing.T) {
	own := keyFor(1)
	keys := registry{"n1": public(own)}
	d := signed("n1", own, keys)
	d.Open(10)
	copied := ballotsOf(t, signed("n1", own, keys), 11, 1)[0]
	forged := *copied
	forged.Epoch++
	if d.Receive(&forged, 0); len(d.Usurped()) != 0 || d.Stats().Forged != 1 {
		t.Error("a forgery made it doubt")
	}
	if d.Receive(copied, 0); len(d.Usurped()) != 1 {
		t.Error("a copy of it went unnoticed")
	}
}

// TestDecodeBallot_RefusesWhatIsTooLargeAtOnce: 20 MiB are not looked at.
func TestDecodeBallot_RefusesWhatIsTooLargeAtOnce(t *testing.T) {
	good := ballotsOf(t, signed("n1", keyFor(1), nil), 1, 1)[0].Append(nil)
	huge := append(good, bytes.Repeat([]byte{1}, 20<<20)...)
	for name, decode := range map[string]func([]byte) error{
		"ballot": func(data []byte) error { _, err := DecodeBallot(data); return err },
		"envelope": func(data []byte) error {
			_, _, err := decodeEnvelope(appendEnvelope(nil, data, time.Second))
			return err
		},
	} {
		if err := decode(huge); err == nil || !strings.Contains(err.Error(), "want at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = DecodeBallot(huge) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}

// fullest is as large as a ballot can be.
func fullest() *Ballot {
	b := &Ballot{
		Node: strings.Repeat("n", MaxNode), Epoch: 1 << 62, Sequence: 1 << 62, Index: 1 << 62, Page: MaxPages - 1,
		Bits: bytes.Repeat([]byte{0x55}, pageBytes),
	}
	for i := range uint32(MaxReasons) {
		b.Reasons = append(b.Reasons, Reason{Slot: (MaxPages-1)*PageSlots + 1000 + i, Text: strings.Repeat("r", MaxReason)})
	}
	return b
}

func BenchmarkBallot_Sign(b *testing.B) {
	s := Signing{Key: keyFor(1)}
	ballot := fullest()
	for b.Loop() {
		s.sign(ballot)
	}
}

func BenchmarkBallot_Verify(b *testing.B) {
	ballot := fullest()
	s := Signing{Key: keyFor(1), KeyOf: registry{ballot.Node: public(keyFor(1))}.of}
	s.sign(ballot)
	for b.Loop() {
		if !s.holds(ballot) {
			b.Fatal("refused")
		}
	}
}

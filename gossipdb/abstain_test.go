package gossipdb_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/gossipdb"
	"tocsin/health"
)

func TestDB_AnAbstentionHidesEveryVerdictAndGoesOutAtOnce(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	db.Cast(7, []gossipdb.Vote{up(1), down(2, "refused"), up(2048)})
	sent(db)

	db.Abstain("no canary answers")
	want := []*gossipdb.Ballot{
		{Node: "n1", Epoch: 1, Sequence: 4, Index: 7, Abstains: "no canary answers"},
		{Node: "n1", Epoch: 1, Sequence: 5, Index: 7, Page: 1, Abstains: "no canary answers"},
	}
	out := sent(db)
	if diff := cmp.Diff(want, out); diff != "" {
		t.Fatalf("what goes out (-want +got):\n%s", diff)
	}
	if v, why := out[0].Verdict(2), out[0].Reason(2); v != health.Unknown || why != "abstains: no canary answers" {
		t.Errorf("about slot 2 it says %v, %q", v, why)
	}
	if why := out[0].Reason(2048); why != "" {
		t.Errorf("about a slot of another page it says %q", why)
	}

	db.Abstain("no canary answers")
	if again := sent(db); again != nil {
		t.Errorf("the same once more sent %+v", again)
	}
	db.Abstain("stood still for 3s")
	if other := sent(db); len(other) != 2 || other[0].Abstains != "stood still for 3s" {
		t.Errorf("another reason sent %+v", other)
	}
	db.Refresh()
	if life := sent(db); len(life) != 2 || life[0].Abstains == "" {
		t.Errorf("a refresh sent %+v, want a sign of life that abstains", life)
	}
}

func TestDB_AfterAnAbstentionItSaysWhatWasCastMeanwhile(t *testing.T) {
	db := gossipdb.New("n1")
	db.Abstain("no canary answers") // before it may make ballots
	db.Open(1)
	if out := sent(db); len(out) != 1 || out[0].Abstains != "no canary answers" {
		t.Fatalf("its first ballots are %+v, want one that abstains", out)
	}
	db.Cast(7, []gossipdb.Vote{up(1), up(2)})
	db.Cast(8, []gossipdb.Vote{down(2, "refused")})
	if out := sent(db); out != nil {
		t.Errorf("a verdict that nobody is to see sent %+v", out)
	}
	db.Abstain("")
	out := sent(db)
	if len(out) != 1 || out[0].Abstains != "" || out[0].Index != 8 ||
		out[0].Verdict(1) != health.Up || out[0].Verdict(2) != health.Down || out[0].Reason(2) != "refused" {
		t.Errorf("after the abstention it sent %+v", out)
	}
}

func TestDB_AnAbstentionIsMadeToFit(t *testing.T) {
	db := gossipdb.New("n1")
	db.Open(1)
	db.Abstain("a\n" + strings.Repeat("é", 100))
	h, _ := db.Table().Get("n1", 0)
	if err := h.Ballot.Validate(); err != nil || h.Ballot.Abstains == "" {
		t.Errorf("%q: %v", h.Ballot.Abstains, err)
	}
}

// The leader looks again at what an abstaining node had a verdict about, when
// it begins and when it ends.
func TestDB_AnAbstentionChangesTheSlotsThatHadAVerdict(t *testing.T) {
	db := gossipdb.New("reader")
	changes := db.Subscribe()
	defer changes.Close()
	say := func(sequence uint64, bits []byte, abstains string) (slots []uint32) {
		db.Receive(&gossipdb.Ballot{Node: "n1", Epoch: 1, Sequence: sequence, Index: 7, Bits: bits, Abstains: abstains}, 0)
		slots, _ = changes.Take()
		return slots
	}
	say(1, []byte{0x09}, "") // slots 0 and 1
	if slots := say(2, nil, "no canary answers"); !cmp.Equal(slots, []uint32{0, 1}) {
		t.Errorf("when it begins, the slots %v changed, want 0 and 1", slots)
	}
	if slots := say(3, nil, "stood still for 3s"); len(slots) > 0 {
		t.Errorf("when only the reason changes, so do the slots %v", slots)
	}
	if slots := say(4, []byte{0x08}, ""); !cmp.Equal(slots, []uint32{1}) {
		t.Errorf("when it ends, the slots %v changed, want 1", slots)
	}
}

package gossipdb_test

import (
	"bytes"
	"strings"
	"time"

	"pgregory.net/rapid"

	"tocsin/gossipdb"
	"tocsin/health"
)

// drawBallot draws a valid ballot of few nodes, pages and versions, so that
// some of them meet.
func drawBallot(t *rapid.T) *gossipdb.Ballot {
	b := &gossipdb.Ballot{
		Node:     rapid.SampledFrom([]string{"a", "b", "zürich-1"}).Draw(t, "node"),
		Epoch:    rapid.Uint64Range(1, 3).Draw(t, "epoch"),
		Sequence: rapid.Uint64Range(0, 3).Draw(t, "sequence"),
		Index:    rapid.Uint64Range(0, 3).Draw(t, "index"),
		Page:     rapid.SampledFrom([]uint16{0, 1, gossipdb.MaxPages - 1}).Draw(t, "page"),
	}
	if rapid.Bool().Draw(t, "signed") {
		b.Signature = bytes.Repeat([]byte{0xAA}, 64)
	}
	if rapid.IntRange(0, 4).Draw(t, "abstains") == 0 {
		b.Abstains = rapid.StringMatching(`[a-zäß€][a-zäß€ ]{0,15}`).Draw(t, "why")
		return b
	}
	bits := make([]byte, gossipdb.PageSlots/4)
	for _, slot := range rapid.SliceOfN(rapid.Uint32Range(0, gossipdb.PageSlots-1), 0, 20).Draw(t, "slots") {
		bits[slot/4] = bits[slot/4]&^(3<<(slot%4*2)) | byte(slot%3)<<(slot%4*2)
	}
	if rapid.Bool().Draw(t, "mostly up") {
		for i := range bits[:rapid.IntRange(0, len(bits)).Draw(t, "how many")] {
			bits[i] = 0x55
		}
	}
	b.Bits = bytes.TrimRight(bits, "\x00")
	reasons := rapid.MapOfN(rapid.Uint32Range(0, gossipdb.PageSlots-1), rapid.StringMatching(`[a-zäß€ ]{1,16}`), 0, gossipdb.MaxReasons).Draw(t, "reasons")
	for offset := range uint32(gossipdb.PageSlots) {
		if text, ok := reasons[offset]; ok {
			b.Reasons = append(b.Reasons, gossipdb.Reason{Slot: uint32(b.Page)*gossipdb.PageSlots + offset, Text: text})
		}
	}
	return b
}

// fullBallot is as large as a ballot gets: nothing repeats, all is as long as
// it may be.
func fullBallot(page uint16) *gossipdb.Ballot {
	b := &gossipdb.Ballot{
		Node:  strings.Repeat("n", gossipdb.MaxNode),
		Epoch: 1<<64 - 1, Sequence: 1<<64 - 1, Index: 1<<64 - 1, Page: page,
	}
	for i := range gossipdb.PageSlots / 4 {
		b.Bits = append(b.Bits, []byte{0x55, 0x56}[i%2])
	}
	for i := range uint32(gossipdb.MaxReasons) {
		slot := uint32(page+1)*gossipdb.PageSlots - gossipdb.MaxReasons + i
		b.Reasons = append(b.Reasons, gossipdb.Reason{Slot: slot, Text: strings.Repeat("x", gossipdb.MaxReason)})
	}
	b.Signature = bytes.Repeat([]byte{0xAA}, 64)
	return b
}

type arrival struct {
	ballot *gossipdb.Ballot
	madeAt time.Time
}

func drawArrivals(t *rapid.T) []arrival {
	start := time.Now()
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) arrival {
		return arrival{drawBallot(t), start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "made at")) * time.Second)}
	}), 0, 12).Draw(t, "arrivals")
}

func merged(table *gossipdb.Table, arrivals ...arrival) *gossipdb.Table {
	for _, a := range arrivals {
		table, _, _ = table.Merge(a.ballot, a.madeAt)
	}
	return table
}

// statusOf is how a reader asks: what does this node say about that slot.
func statusOf(table *gossipdb.Table, node string, slot uint32) health.Status {
	h, ok := table.Get(node, gossipdb.PageOf(slot))
	if !ok {
		return health.Unknown
	}
	return h.Ballot.Verdict(slot)
}

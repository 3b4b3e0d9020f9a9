package quorum_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/quorum"
)

const many = 10_000

// pages returns what node has to say when it says status of every slot of so
// many endpoints.
func (w *world) pages(node string, status health.Status, endpoints int) []*gossipdb.Ballot {
	o, _ := w.View().Observer(node)
	var ballots []*gossipdb.Ballot
	for first := 0; first < endpoints; first += gossipdb.PageSlots {
		n := min(endpoints-first, gossipdb.PageSlots) / 4
		ballots = append(ballots, &gossipdb.Ballot{
			Node: node, Epoch: o.Epoch, Sequence: 1, Index: w.View().EndpointsIndex(),
			Page: gossipdb.PageOf(uint32(first)), Bits: bytes.Repeat([]byte{byte(status) * 0x55}, n),
		})
	}
	return ballots
}

// benchLoop returns a Loop over many endpoints that are UP, as five observers
// agree.
func benchLoop(b *testing.B) *leader {
	l := &leader{world: newWorld(b, "lyon", "lyon", "nice", "nice", "paris")}
	l.force(health.Up, l.setMany(many)...)
	for o := range l.View().Observers() {
		for _, ballot := range l.pages(o.Node, health.Up, many) {
			l.receive(ballot, 0)
		}
	}
	return l
}

func BenchmarkLoop_Sweep(b *testing.B) {
	l := benchLoop(b)
	loop := quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l})
	atAll, _ := quorum.Looks(b.Context(), loop, time.Time{})
	b.ReportAllocs()
	for b.Loop() {
		atAll()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*many), "ns/endpoint")
}

func BenchmarkLoop_OneSlot(b *testing.B) {
	l := benchLoop(b)
	loop := quorum.NewLoop(quorum.Config{Node: "node1", Machine: l.Machine, Ballots: l.ballots, Proposer: l})
	_, at := quorum.Looks(b.Context(), loop, time.Time{})
	slot := l.endpoint(fmt.Sprintf("endpoint%d", many/2)).Slot
	b.ReportAllocs()
	for b.Loop() {
		at(slot)
	}
}

// From a ballot that comes in to the state that has changed, without raft.
func BenchmarkLoop_BallotToState(b *testing.B) {
	l := &leader{world: newWorld(b, "")}
	l.force(health.Up, l.setMany(many)...)
	at := fmt.Sprintf("endpoint%d", many/2)
	l.must(fsm.SetEndpoint{Key: at, Value: "v", Overrides: &fsm.Overrides{Cooldown: new(fsm.Duration(0))}})
	page := gossipdb.PageOf(l.endpoint(at).Slot)
	base := l.pages("node1", health.Up, many)[page]
	_, stop := l.run()
	defer stop()
	status := health.Up
	b.ReportAllocs()
	for b.Loop() {
		next := *base
		next.Sequence++
		status = 3 - status
		next.Bits = bytes.Clone(base.Bits)
		i := l.endpoint(at).Slot % gossipdb.PageSlots
		next.Bits[i/4] = next.Bits[i/4]&^(3<<(i%4*2)) | byte(status)<<(i%4*2)
		base = &next
		watch := l.View().WatchKey(at)
		l.receive(base, 0)
		for l.endpoint(at).State != status {
			<-watch
			watch = l.View().WatchKey(at)
		}
	}
}

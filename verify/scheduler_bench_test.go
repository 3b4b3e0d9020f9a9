package verify

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
)

type alwaysUp struct{}

func (alwaysUp) Check(context.Context, Request) Sample { return Sample{Status: health.Up} }

type nobody struct{}

func (nobody) Cast(uint64, []Vote) {}

// BenchmarkTurn is what one check of one of 10,000 endpoints costs the
// scheduler: finding it due, starting it, taking in its sample and scheduling
// it again. The check itself does nothing.
func BenchmarkTurn(b *testing.B) {
	m := fsm.NewMachine()
	for i := range 10 {
		var entry []fsm.Command
		if i == 0 {
			entry = append(entry, fsm.Found{ClusterID: "bench", Settings: fsm.DefaultClusterSettings()})
		}
		for j := range 1000 {
			entry = append(entry, fsm.SetEndpoint{Key: fmt.Sprintf("e%05d", i*1000+j), Value: "x"})
		}
		data, err := fsm.Encode(entry...)
		if err != nil {
			b.Fatal(err)
		}
		m.Apply(&raft.Log{Index: uint64(i + 1), Term: 1, Data: data})
	}
	cfg := New(Config{Machine: m, Checker: alwaysUp{}, Verdicts: nobody{}}).cfg
	var shown atomic.Pointer[schedule]
	s := newScheduler(cfg, &records{keep: cfg.KeepSamples}, &shown, &renewals{}, &limits{}, nil)
	s.follow(m.View())

	b.ReportAllocs()
	for b.Loop() {
		s.turn(b.Context(), s.scheduled.Top().due) // time flies
		s.landAll(<-s.landings)
	}
	s.workers.Wait()
	if n := s.scheduled.Len(); n != 10_000 {
		b.Errorf("%d endpoints are scheduled", n)
	}
}

// BenchmarkFollow is what it costs to follow one change of one of 10,000
// endpoints.
func BenchmarkFollow(b *testing.B) {
	m := fsm.NewMachine()
	index := uint64(0)
	apply := func(commands ...fsm.Command) {
		data, err := fsm.Encode(commands...)
		if err != nil {
			b.Fatal(err)
		}
		index++
		m.Apply(&raft.Log{Index: index, Term: 1, Data: data})
	}
	apply(fsm.Found{ClusterID: "bench", Settings: fsm.DefaultClusterSettings()})
	for i := range 10_000 {
		apply(fsm.SetEndpoint{Key: fmt.Sprintf("e%05d", i), Value: "x"})
	}
	s := newScheduler(New(Config{Machine: m, Checker: alwaysUp{}, Verdicts: nobody{}}).cfg, &records{keep: 10}, new(atomic.Pointer[schedule]), &renewals{}, &limits{}, nil)
	s.follow(m.View())

	b.ReportAllocs()
	var spent time.Duration
	n := 0
	for b.Loop() {
		apply(fsm.SetEndpoint{Key: "e05000", Value: fmt.Sprint(n)})
		began := time.Now()
		s.follow(m.View())
		spent += time.Since(began)
		n++
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "ns/follow")
}

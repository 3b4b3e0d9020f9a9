package notify_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tocsin/notify"
	"tocsin/script"
)

// benchRun starts a Notifier with a real ledger and hands out what its scripts
// are started for.
func benchRun(b *testing.B, w *world, maxRunning int) (starts <-chan uint64) {
	b.Helper()
	ledger := openLedger(b, filepath.Join(b.TempDir(), "ledger.db"))
	started := make(chan uint64, 1<<14)
	config := w.config(ledger)
	config.MaxRunning = maxRunning
	config.Runner = runnerFunc(func(_ context.Context, j notify.Job) script.Result {
		started <- j.Event.ID
		return script.Result{}
	})
	n, err := notify.New(config)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return started
}

// BenchmarkEventToStart is from the event applied to its script started, with
// the ledger on the disk.
func BenchmarkEventToStart(b *testing.B) {
	w := newWorld(b)
	w.watch(b, "a")
	starts := benchRun(b, w, 8)
	for b.Loop() {
		e := w.decide(b, "a", "other")
		for got := uint64(0); got != e; got = <-starts {
		}
	}
}

// BenchmarkThousandEvents is from the first of 1,000 events of as many endpoints
// to the start of the last script, with 8 at once.
func BenchmarkThousandEvents(b *testing.B) {
	w := newWorld(b)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("endpoint %04d", i)
	}
	w.watch(b, keys...)
	starts := benchRun(b, w, 8)
	began := time.Now()
	rounds := 0
	for b.Loop() {
		rounds++
		for _, key := range keys {
			w.decide(b, key, "other")
		}
		for range keys {
			<-starts
		}
	}
	b.ReportMetric(float64(rounds*len(keys))/time.Since(began).Seconds(), "events/s")
}

// BenchmarkBoltLedger_Write is one durable write of one entry.
func BenchmarkBoltLedger_Write(b *testing.B) {
	ledger := openLedger(b, filepath.Join(b.TempDir(), "ledger.db"))
	for b.Loop() {
		if err := ledger.Write(someBatch(1)); err != nil {
			b.Fatal(err)
		}
	}
}

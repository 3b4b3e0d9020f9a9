package quorum

import (
	"context"
	"time"
)

// Looks returns what a running Loop does on a sweep, and what it does when one
// slot has changed, for benchmarks: without the waiting.
func Looks(ctx context.Context, l *Loop, since time.Time) (atAll func(), at func(slot uint32)) {
	t := newTerm(l, 1, since)
	atAll = func() {
		t.lookAtAll()
		t.work(ctx)
	}
	at = func(slot uint32) {
		t.due.push(slot)
		t.work(ctx)
		t.arm()
	}
	return atAll, at
}

package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNotWatched says that the endpoint is not watched here: there is none of
// that key, or this node has not heard of it yet.
var ErrNotWatched = errors.New("the endpoint is not watched here")

// errEnded says that no check will come any more.
var errEnded = errors.New("this node is stopping, and checks nothing any more")

// maxAsked bounds how many may wait for the next check of one endpoint.
const maxAsked = 64

// ask is somebody who waits for the next check of an endpoint.
type ask struct {
	ctx   context.Context // of who waits
	key   string
	since time.Time      // when it was asked for
	reply chan<- outcome // has a place for the one answer
}

type outcome struct {
	sample Sample
	err    error
}

// CheckNow has the next check of the endpoint key start now and returns its
// sample. It is a check like any other: it counts, the one after it comes after
// the usual time, and there is never another one of the endpoint at once. A
// check that is under way began before anybody asked: the next one starts when
// it is back. The error is ErrNotWatched, that too many wait already, or that of
// ctx, with which the wait ends and the check goes on.
func (v *Verifier) CheckNow(ctx context.Context, key string) (Sample, error) {
	reply := make(chan outcome, 1)
	select {
	case v.asks <- ask{ctx: ctx, key: key, since: time.Now(), reply: reply}:
	case <-v.ended:
		return Sample{}, errEnded
	case <-ctx.Done():
		return Sample{}, ctx.Err()
	}
	select {
	case o := <-reply:
		return o.sample, o.err
	case <-v.ended:
		return Sample{}, errEnded
	case <-ctx.Done():
		return Sample{}, ctx.Err()
	}
}

// hear takes in an ask.
func (s *scheduler) hear(a ask) {
	w := s.watches[a.key]
	if w == nil || w.endpoint == nil {
		a.reply <- outcome{err: ErrNotWatched}
		return
	}
	w.asked = slices.DeleteFunc(w.asked, func(a ask) bool { return a.ctx.Err() != nil })
	if len(w.asked) >= maxAsked {
		a.reply <- outcome{err: fmt.Errorf("%d wait for the next check of it already", maxAsked)}
		return
	}
	w.asked = append(w.asked, a)
	if w.flight == nil && w.due.After(a.since) {
		w.due = a.since
		s.enqueue(w)
	}
}

// answer gives the sample to those who had asked when its check began, and
// reports whether others wait for the next one.
func (w *watch) answer(sample Sample) (more bool) {
	w.asked = slices.DeleteFunc(w.asked, func(a ask) bool {
		if a.since.After(sample.Time) {
			return false
		}
		a.reply <- outcome{sample: sample}
		return true
	})
	return len(w.asked) > 0
}

// refuseAsked tells all who wait that there is nothing to wait for.
func (w *watch) refuseAsked() {
	for _, a := range w.asked {
		a.reply <- outcome{err: ErrNotWatched}
	}
	w.asked = nil
}

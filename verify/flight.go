package verify

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"tocsin/health"
)

// flight is one check on its way.
type flight struct {
	watch   *watch
	room    *room
	request Request
	planned time.Time // when it should have started
	started time.Time
	cancel  context.CancelFunc

	// The rest is the scheduler's alone.

	due       time.Time // when it should have ended by all means, and then once an interval
	abandoned bool      // the endpoint was changed or deleted since
	place     int       // in the queue of flights
	stuck     bool      // long past its timeout
}

// landing is how a flight came back.
type landing struct {
	flight *flight
	sample Sample
	// panicked is what the Checker panicked with, nil if it did not, and stack
	// is where.
	panicked any
	stack    []byte
}

// fly runs the check of f and returns its landing, whatever the Checker does:
// even one that ends its goroutine lands.
func fly(ctx context.Context, c Checker, f *flight, land func(landing)) {
	l := landing{flight: f, sample: Sample{Reason: "the check ended without a result"}}
	defer func() {
		if l.panicked = recover(); l.panicked != nil {
			l.stack = debug.Stack()
			l.sample = Sample{Reason: fmt.Sprintf("the check panicked: %v", l.panicked)}
		}
		if !l.sample.Status.Valid() {
			l.sample = Sample{Reason: fmt.Sprintf("the check returned %v", l.sample.Status)}
		}
		l.sample = Sample{
			Status: l.sample.Status, Reason: beginning(l.sample.Reason), TimedOut: l.sample.TimedOut,
			Time: f.started, Duration: time.Since(f.started), Late: f.started.Sub(f.planned),
			Revision: f.request.Revision,
		}
		land(l)
	}()
	l.sample = c.Check(ctx, f.request)
}

// overdue is the sample, for the endpoint as it is now, of a flight that is not
// back long after its timeout.
func (f *flight) overdue(now time.Time) Sample {
	if f.abandoned { // it says nothing of the endpoint, but keeps it from being checked
		return Sample{
			Reason: "an earlier check of it can't be stopped, so that it can't be checked again",
			Time:   now, Revision: f.watch.endpoint.Revision,
		}
	}
	status := health.Unknown
	if f.request.TimeoutIs == health.Down {
		status = health.Down
	}
	return Sample{
		Status: status,
		Reason: fmt.Sprintf("the check did not end within %v and can't be stopped", f.request.Timeout),
		Time:   f.started, Duration: now.Sub(f.started), Late: f.started.Sub(f.planned), Revision: f.request.Revision,
	}
}

package notify

import (
	"context"
	"time"

	"tocsin/fsm"
)

type reportEnd struct {
	letters []*letter
	err     error
}

const (
	reportTimeout    = 10 * time.Second
	firstReportPause = 500 * time.Millisecond
	maxReportPause   = 30 * time.Second
)

// report starts a report of what is unsent, unless one is under way or it is
// too early after one that failed.
func (o *owner) report() {
	if !o.mayReport() || o.now.Before(o.reportAt) {
		return
	}
	letters := o.outbox.take()
	if len(letters) == 0 {
		return
	}
	outcomes := make([]fsm.Outcome, len(letters))
	for i, l := range letters {
		outcomes[i] = l.outcome
	}
	o.reporting = true
	o.workers.Go(func() {
		ctx, cancel := context.WithTimeout(o.work, reportTimeout)
		defer cancel()
		o.reports <- reportEnd{letters: letters, err: o.config.Reporter.Report(ctx, outcomes)}
	})
}

// mayReport says whether a report may be started when the pause after the last
// is over. On the way out one failure is enough: the next start reports again.
func (o *owner) mayReport() bool { return !o.reporting && !(o.stopping && o.refusals > 0) }

// settleReports takes note of a report that has ended.
func (o *owner) settleReports() {
	select {
	case end := <-o.reports:
		o.reporting = false
		if end.err == nil {
			o.outbox.delivered(end.letters, o.now)
			if o.refusals > 0 {
				o.log.Info("outcomes can be reported again")
			}
			o.refusals = 0
			return
		}
		o.outbox.failed(end.letters)
		if o.refusals == 0 {
			o.log.Warn("outcomes can't be reported for now: they are kept and will be tried again", "err", end.err)
		}
		o.reportAt = o.now.Add(min(firstReportPause<<min(o.refusals, 10), maxReportPause))
		o.refusals++
	default:
	}
}

// clearOutbox forgets what need not be reported any more.
func (o *owner) clearOutbox() {
	shown, dropped := o.outbox.settle(o.view, o.now)
	for _, event := range shown {
		o.pending.noOutcome(event, o.now)
	}
	for _, event := range dropped {
		o.dropped++
		o.pending.noOutcome(event, o.now)
		o.log.Warn("an outcome was dropped: the cluster no longer keeps its event", "event", event)
	}
}

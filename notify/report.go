package notify

import (
	"context"
	"time"

	"tocsin/fsm"
)

type reportEnd struct {
	letters  []*letter
	refusals []*fsm.Refusal
	err      error
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
		refusals, err := o.config.Reporter.Report(ctx, outcomes)
		o.reports <- reportEnd{letters: letters, refusals: refusals, err: err}
	})
}

// mayReport says whether a report may be started when the pause after the last
// is over. On the way out one failure is enough: the next start reports again.
func (o *owner) mayReport() bool { return !o.reporting && !(o.stopping && o.unheard > 0) }

// settleReports takes note of a report that has ended.
func (o *owner) settleReports() {
	select {
	case end := <-o.reports:
		o.reporting = false
		o.config.Observer.Reported(end.err)
		if end.err == nil {
			o.settleAnswer(end)
			if o.unheard > 0 {
				o.log.Info("outcomes can be reported again")
			}
			o.unheard = 0
			return
		}
		o.outbox.failed(end.letters)
		if o.unheard == 0 {
			o.log.Warn("outcomes can't be reported for now: they are kept and will be tried again", "err", end.err)
		}
		o.reportAt = o.now.Add(min(firstReportPause<<min(o.unheard, 10), maxReportPause))
		o.unheard++
	default:
	}
}

// settleAnswer takes note of what the cluster said of a report.
func (o *owner) settleAnswer(end reportEnd) {
	dropped, why := o.outbox.answered(end.letters, end.refusals, o.now)
	if len(dropped) == 0 {
		return
	}
	for _, event := range dropped {
		o.dropped++
		o.pending.noOutcome(event, o.now)
	}
	o.log.Error("the cluster refuses outcomes of this node: they are dropped", "outcomes", len(dropped), "event", dropped[0], "err", why)
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

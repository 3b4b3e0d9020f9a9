package notify

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

// review looks at every notification of a lane and does what is to be done,
// except that what may start only gets in line for it.
func (o *owner) review(key string) {
	for _, n := range slices.Clone(o.lanes[key]) {
		switch do, why := n.next(o.situationOf(n)); do {
		case supersede:
			o.handOn(n)
			o.end(n, fsm.Superseded, why)
		case giveUp:
			o.end(n, fsm.GaveUp, why)
		case withdraw:
			o.log.Info("leaves the take-over to the new leader", "event", n.Event, "key", n.Key)
			o.remove(n)
		case start:
			if o.lanes[key][0] == n {
				o.ready.Push(n)
			}
		}
	}
}

func (o *owner) situationOf(n *notification) situation {
	s := situation{
		now: o.now, newer: o.lanes[n.Key].newerThan(n), leading: o.config.Leading(),
		attempts: o.settingsOf(n).NotifyAttempts,
	}
	e, there := o.view.Endpoint(n.Key)
	if n.event != nil {
		s.gone = !there || e.Generation != n.event.Generation
		s.lost = n.event.To == health.Unknown
		s.acted = o.actedAfter(n)
		if n.again() && there && e.LastEvent > n.Event {
			s.newer = e.LastEvent // it may have ended long ago
		}
	}
	return s
}

// settingsOf returns what holds for n's endpoint, or for any if it is gone.
func (o *owner) settingsOf(n *notification) fsm.Settings { return o.settingsFor(n.Key) }

// settingsFor returns what holds for the endpoint key, or for any if there is
// none.
func (o *owner) settingsFor(key string) fsm.Settings {
	if e, ok := o.view.Endpoint(key); ok {
		return o.view.SettingsOf(e)
	}
	return o.view.Settings().Settings
}

// endPauses puts those in line whose pauses are over.
func (o *owner) endPauses() {
	for o.pauses.Len() > 0 && !o.now.Before(o.pauses.Top().until) {
		if n := o.pauses.Pop(); n.phase == pausing {
			o.review(n.Key)
		}
	}
}

// launch is an attempt that is to be started once the ledger holds that it was.
type launch struct {
	n     *notification
	entry Entry
	job   Job
}

// chooseLaunches fills the free places with what may start, oldest event first.
// It changes no notification: whether the ledger can be written shows later.
func (o *owner) chooseLaunches() (launches []launch) {
	for o.ready.Len() > 0 && len(o.flights)+len(launches) < o.config.MaxRunning {
		n := o.ready.Pop()
		if do, _ := n.next(o.situationOf(n)); do != start {
			o.review(n.Key) // much may have happened while it stood in line
			continue
		}
		launches = append(launches, o.prepare(n))
	}
	return launches
}

func (o *owner) prepare(n *notification) launch {
	settings := o.settingsOf(n)
	entry := n.Entry
	entry.Stage, entry.Role = Started, o.role()
	entry.Attempt++
	return launch{n: n, entry: entry, job: Job{
		Script: settings.Notify, Event: n.event, Role: entry.Role, Attempt: entry.Attempt,
		Timeout: time.Duration(settings.NotifyTimeout), Cluster: o.view.ClusterID(), Node: o.config.Node, Site: o.config.Site, Missed: n.Missed,
	}}
}

// role returns what this node is now.
func (o *owner) role() fsm.Role {
	if o.config.Leading() {
		return fsm.Leader
	}
	return fsm.Follower
}

// launch starts what the ledger holds as started.
func (o *owner) launch(launches []launch) {
	for _, l := range launches {
		l.n.Entry, l.n.phase = l.entry, running
		o.show(l.n)
		if at := l.job.Event.AppliedAt; l.job.Attempt == 1 && !at.IsZero() {
			o.config.Observer.Started(time.Since(at))
		}
		o.flights[l.n] = &flight{overdueAt: time.Now().Add(l.job.Timeout + patience)}
		o.workers.Go(func() {
			ctx, cancel := context.WithCancel(o.work)
			defer cancel()
			o.ends.put(runEnd{of: l.n, ended: attemptOf(o.config.Runner.Run(ctx, l.job), l.job.Timeout)})
		})
	}
}

// settleRuns takes note of all runs that have ended.
func (o *owner) settleRuns() {
	for _, end := range o.ends.take() {
		o.settleRun(end)
	}
}

func (o *owner) settleRun(end runEnd) {
	n := end.of
	o.land(n)
	limit := n.limit(o.settingsOf(n).NotifyAttempts)
	n.last = &end.ended
	o.config.Observer.Ran(n.last.result(), n.last.took)
	n.last.numbered(n.Attempt, limit)
	o.noteShortage(n)
	switch judged := n.last.judgement; {
	case judged == cutShort:
		n.phase = interrupted // as the ledger has it
		o.show(n)
		return
	case judged == unstarted:
		// It was none of the attempts that are allowed, for nothing ran.
		n.Before++
		n.unstarted++
		o.pauseFor(n, n.unstarted)
	case judged == succeeded:
		o.end(n, fsm.Done, "")
	case judged == refused, n.Attempt >= limit:
		o.end(n, fsm.GaveUp, "")
	default:
		failures := n.Attempt - n.Before
		o.pauseFor(n, failures)
		if failures == 1 {
			o.log.Warn("notification failed and will be tried again", "event", n.Event, "key", n.Key, "to", n.event.To,
				"role", n.Role, "attempt", n.Attempt, "err", n.last.problem(fsm.MaxProblem))
		}
	}
	o.review(n.Key)
}

// pauseFor makes n wait after so many failures.
func (o *owner) pauseFor(n *notification, failures int) {
	n.phase, n.until = pausing, o.now.Add(pauseAfter(failures, rand.Float64()))
	n.Stage = Waiting
	o.pauses.Push(n)
	o.pending.entry(n)
	o.show(n)
}

// noteShortage keeps in mind, for Status, whether scripts can be started.
func (o *owner) noteShortage(n *notification) {
	switch judged := n.last.judgement; {
	case judged == unstarted && o.shortage == "":
		o.shortage = n.last.problem(fsm.MaxProblem)
		o.log.Error("no notification script can be started: they are held back and tried again", "event", n.Event, "key", n.Key, "err", o.shortage)
	case judged != unstarted && judged != cutShort && o.shortage != "":
		o.shortage = ""
		o.log.Info("notification scripts can be started again")
	}
}

// end ends n: out of the ledger, and its outcome into the outbox. why is said
// before what went wrong in the last attempt, if anything did; "" if that says
// it all.
func (o *owner) end(n *notification, ending fsm.Ending, why string) {
	outcome := fsm.Outcome{
		Event: n.Event, Node: o.config.Node, Role: n.Role, Ending: ending,
		Attempt: n.Attempt, Missed: n.Missed, ExitCode: -1, Problem: why, Time: o.now, Retry: n.Retry,
	}
	if n.Role == "" {
		outcome.Role = o.role()
	}
	if n.last != nil {
		outcome.ExitCode, outcome.Duration, outcome.Output = n.last.exitCode, fsm.Duration(n.last.took), n.last.output
		outcome.Problem = n.last.problemAfter(why)
	}
	o.remove(n)
	o.remember(n, ending)
	// One that was taken over and got no run here leaves the outcome that this
	// node reported before as it is.
	if !n.TakenOver || n.ranInThisPass() {
		o.send(outcome)
	}
	o.config.Observer.Ended(ending)
	level, message := slog.LevelInfo, "notification ended"
	if ending == fsm.GaveUp {
		level, message = slog.LevelError, "notification given up: this machine was not told, see to it by hand"
	}
	o.log.Log(context.Background(), level, message, "event", n.Event, "key", n.Key, "to", n.event.To, "ending", ending, "role", outcome.Role,
		"attempt", n.Attempt, "exit_code", outcome.ExitCode, "duration", outcome.Duration, "problem", outcome.Problem, "output", outcome.Output)
}

// send puts an outcome into the outbox, if the cluster can take it.
func (o *owner) send(outcome fsm.Outcome) {
	if _, kept := o.view.Event(outcome.Event); !kept {
		o.dropped++
		return
	}
	o.outbox.put(outcome)
	o.pending.outcome(outcome)
}

// handOn tells the notification behind n what passed by before n, for n's own
// script will not be told any more.
func (o *owner) handOn(n *notification) {
	next := o.lanes[n.Key].after(n)
	if n.Missed == 0 || next == nil || next.Generation != n.Generation {
		return
	}
	if n.Missed == fsm.MissedUnknown || next.Missed == fsm.MissedUnknown {
		next.Missed = fsm.MissedUnknown
	} else {
		next.Missed += n.Missed
	}
	n.Missed = 0
	o.pending.entry(next)
}

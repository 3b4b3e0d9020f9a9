package verify

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"tocsin/health"
)

// landAll takes in l and whatever else has landed, and then says all that they
// changed at once.
func (s *scheduler) landAll(l landing) {
	votes := s.land(nil, l)
	for range len(s.landings) {
		votes = s.land(votes, <-s.landings)
	}
	s.cast(votes)
}

// land takes in one landing and appends to votes what it changes.
func (s *scheduler) land(votes []Vote, l landing) []Vote {
	f, w := l.flight, l.flight.watch
	f.cancel()
	s.flying.Remove(f)
	f.room.running--
	w.flight = nil
	if f.stuck {
		s.stuck--
	}
	if f.abandoned {
		s.cfg.Observer.Dropped(f.request.Kind)
		if w.endpoint == nil {
			delete(s.watches, f.request.Key)
		} else {
			w.waitIn(&s.scheduled) // due since the change
		}
		return votes
	}
	s.notePanic(w, l)
	s.cfg.Observer.Checked(f.request.Kind, l.sample)
	votes = s.count(votes, w, l.sample)
	w.due = w.started.Add(pause(w.settings, w.tracker.disagrees(), rand.Float64()))
	if w.answer(l.sample) {
		w.due = time.Now()
	}
	w.waitIn(&s.scheduled)
	return votes
}

// count takes a sample of w into account and appends to votes what it changes.
func (s *scheduler) count(votes []Vote, w *watch, sample Sample) []Vote {
	s.lastCheck = sample.Time.Add(sample.Duration)
	before := w.tracker
	s.setTracker(w, advance(before, sample, w.settings.Rise, w.settings.Fall))
	s.records.add(w.endpoint.Key, sample, w.tracker)
	if !w.tracker.tells(before) {
		return votes
	}
	s.logVerdict(w.endpoint.Key, before, w.tracker)
	return append(votes, Vote{Slot: w.endpoint.Slot, Verdict: w.tracker.verdict, Reason: w.tracker.reason})
}

// reportStuck makes a sample of every check that should have ended by all
// means, once an interval: a verdict must not stay UP because nothing comes
// back any more, nor an endpoint unchecked without a word.
func (s *scheduler) reportStuck(now time.Time) {
	var votes []Vote
	for s.flying.has(now) {
		f := s.flying.Pop()
		w := f.watch
		if !f.stuck {
			f.stuck = true
			s.stuck++
			s.cfg.Observer.Stuck(f.request.Kind)
			s.log.Warn("check does not end", "key", f.request.Key, "script", f.request.Script, "timeout", f.request.Timeout)
		}
		if w.endpoint != nil {
			votes = s.count(votes, w, f.overdue(now))
		}
		f.due = now.Add(time.Duration(w.settings.Interval))
		s.flying.Push(f)
	}
	s.cast(votes)
}

// cast says what has changed, if anything has.
func (s *scheduler) cast(votes []Vote) {
	if len(votes) > 0 {
		s.cfg.Verdicts.Cast(s.view.EndpointsIndex(), votes)
	}
}

// notePanic logs the first panic of a row: the samples tell of the others.
func (s *scheduler) notePanic(w *watch, l landing) {
	sick := l.panicked != nil
	if sick && !w.sick {
		s.log.Error("check panicked", "key", w.endpoint.Key, "script", w.settings.Verify, "err", l.panicked, "stack", string(l.stack))
	}
	w.sick = sick
}

// logVerdict tells the operator. That an endpoint is found well is no news at
// 3 am: a node that starts would say it of every endpoint. That nothing can be
// found out from the start is: most often a script is missing.
func (s *scheduler) logVerdict(key string, before, after tracker) {
	if before.verdict == after.verdict {
		s.log.Warn("checks say nothing about the endpoint", "key", key, "reason", after.reason)
		return
	}
	level := slog.LevelInfo
	if !before.settled && after.verdict == health.Up {
		level = slog.LevelDebug
	}
	s.log.Log(context.Background(), level, "verdict changed",
		"key", key, "from", before.verdict, "to", after.verdict, "reason", after.reason)
}

package stream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"tocsin/script"
)

const (
	// idle is how long a script stays that nobody asks anything.
	idle = 3 * time.Minute
	// farewell is how long one may take to end whose input has ended.
	farewell = 10 * time.Second
	// maxLine is how much of a line is kept, and of what is printed on standard
	// error, in bytes.
	maxLine = 8 << 10
)

// speaker owns one version of a script: its process, if one runs, and what is
// under way in it. Its goroutine is the one in run; the fields are that
// goroutine's alone but for the first ones, which don't change.
//
//	          question                 it ends, or is ended
//	resting ───────────▶ talking ─────────────────────────▶ resting, in a pause
//	   │                    │ nobody asks any more, and
//	   │ retired            ▼ nothing is under way
//	   └────▶ gone ◀──── leaving
type speaker struct {
	room    *Room
	file    string
	name    string // of the script, for people
	version fs.FileInfo
	seen    uint64 // what Room.looks was when the version had been looked at
	asks    chan *question
	retired chan struct{} // closed by the room, when it has let go of this one

	leaving bool      // it is retired
	used    time.Time // when something was asked last
	talk    *talk     // nil while no process runs
	desk    *desk     // of the process
	// ended is how the last process ended and pause how long it is left alone
	// after that, until rested.
	ended  error
	pause  time.Duration
	rested time.Time
}

// talk is one life of the process.
type talk struct {
	say    chan []byte // closed to ask it to end
	heard  chan reply
	over   chan script.Result
	stop   context.CancelFunc
	began  time.Time
	silent bool      // say is closed
	by     time.Time // when it has to be gone after that
	why    error     // why it was stopped; nil if it wasn't
}

func newSpeaker(r *Room, file string, version fs.FileInfo, seen uint64) *speaker {
	return &speaker{
		room: r, file: file, name: filepath.Base(file), version: version, seen: seen,
		asks: make(chan *question), retired: make(chan struct{}),
		used: time.Now(), desk: newDesk(time.Now()),
	}
}

// run answers what is asked until nobody can ask any more and no process is left.
func (s *speaker) run(ctx context.Context) {
	defer s.room.retire(s)
	stopping, retired := ctx.Done(), s.retired
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for s.talk != nil || !s.leaving {
		var say chan<- []byte
		var heard <-chan reply
		var over <-chan script.Result
		line := s.desk.next()
		if s.talk != nil {
			heard, over = s.talk.heard, s.talk.over
			if line != nil {
				say = s.talk.say
			}
		}
		asks := s.asks
		if s.leaving {
			asks = nil
		}
		timer.Reset(time.Until(s.wake()))
		select {
		case <-stopping:
			stopping = nil
			s.room.retire(s)
			s.stop(errClosed)
		case <-retired:
			retired, s.leaving = nil, true
		case q := <-asks:
			s.ask(ctx, q)
		case say <- line:
			s.desk.said()
		case r := <-heard:
			s.hear(r)
		case r := <-over:
			s.end(r)
		case <-timer.C:
			s.lookAtTheClock(time.Now())
		}
		s.sayGoodbye(time.Now())
	}
}

// wake returns when something has to be done if nothing else happens.
func (s *speaker) wake() time.Time {
	switch {
	case !s.desk.empty():
		return s.desk.nextDue()
	case s.talk != nil && s.talk.silent:
		return s.talk.by
	}
	return s.used.Add(idle)
}

// lookAtTheClock does what is to be done at now.
func (s *speaker) lookAtTheClock(now time.Time) {
	s.stop(s.desk.expire(now))
	if s.talk != nil && s.talk.silent && !now.Before(s.talk.by) {
		s.talk.stop()
		s.talk.by = now.Add(idle) // it gets no more than a KILL, and that comes soon
	}
	if s.desk.empty() && !now.Before(s.used.Add(idle)) {
		s.room.retire(s)
	}
}

// ask takes in a question.
func (s *speaker) ask(ctx context.Context, q *question) {
	now := time.Now()
	s.used = now
	switch {
	case s.talk != nil && s.talk.why != nil:
		q.reply <- outcome{err: fmt.Errorf("%s is being ended: %w", s.name, s.talk.why)}
		return
	case s.talk == nil && now.Before(s.rested):
		q.reply <- outcome{err: fmt.Errorf("%w; it is started again in %v", s.ended, (s.rested.Sub(now) + time.Second).Truncate(time.Second))}
		return
	case s.talk == nil:
		s.begin(ctx, q)
	}
	s.desk.accept(q)
}

// hear takes in a line of the script.
func (s *speaker) hear(r reply) {
	l, why := s.desk.hear(r, time.Now())
	s.room.counts.heard(l)
	s.stop(why)
}

// begin starts the process, to be asked q first.
func (s *speaker) begin(ctx context.Context, q *question) {
	ctx, stop := context.WithCancel(ctx)
	t := &talk{
		say: make(chan []byte), heard: make(chan reply), over: make(chan script.Result, 1),
		stop: stop, began: time.Now(),
	}
	s.talk, s.desk = t, newDesk(t.began)
	command := script.Command{
		Path: s.file, User: s.room.as, MaxOutput: maxLine,
		Env: script.Environment("TOCSIN_NODE="+q.Node, "TOCSIN_SITE="+q.Site),
	}
	hear := func(line []byte) {
		if ctx.Err() != nil {
			return // it has to end, and says what it likes
		}
		select {
		case t.heard <- decode(line):
		case <-ctx.Done():
		}
	}
	s.room.counts.starts.Add(1)
	s.room.counts.running.Add(1)
	// It ends with ctx, and end waits for it.
	go func() { t.over <- s.room.converse(ctx, command, t.say, hear) }()
}

// stop ends the process because of why, if that is something. What is under way
// has its outcome with it.
func (s *speaker) stop(why error) {
	if why == nil || s.talk == nil || s.talk.why != nil {
		return
	}
	s.talk.why = why
	s.talk.stop()
	if !errors.Is(why, errClosed) {
		why = fmt.Errorf("%s was ended: %w", s.name, why)
	}
	s.desk.dismiss(why)
}

// sayGoodbye asks the process to end once nobody will ask anything any more.
func (s *speaker) sayGoodbye(now time.Time) {
	if s.leaving && s.talk != nil && !s.talk.silent && s.desk.empty() {
		close(s.talk.say)
		s.talk.silent, s.talk.by = true, now.Add(farewell)
	}
}

// end takes in that the process has ended.
func (s *speaker) end(r script.Result) {
	t, now := s.talk, time.Now()
	t.stop()
	s.room.counts.running.Add(-1)
	s.talk = nil
	s.ended = ending(s.name, r, t.why, s.desk.lastStray)
	s.desk.dismiss(s.ended)
	if t.silent || s.room.ctx.Err() != nil {
		return // as it was asked to
	}
	s.pause = pauseAfter(now.Sub(t.began), s.pause)
	s.rested = now.Add(s.pause)
	s.room.counts.failures.Add(1)
	s.room.log.Warn("stream has ended", "script", s.name, "err", s.ended, "pause", s.pause)
}

// ending says in words how a process ended, as an error for those who wait for
// its answers.
func ending(name string, r script.Result, why error, stray string) error {
	words := ""
	switch text := lastLine(r.Stderr); {
	case text != "":
		words = ": " + text
	case stray != "":
		words = fmt.Sprintf("; it printed %q, which is no answer", stray)
	}
	switch {
	case why != nil:
		return fmt.Errorf("%s was ended: %w%s", name, why, words)
	case r.StartErr != nil:
		return fmt.Errorf("%s could not be started: %w", name, r.StartErr)
	case r.Signal != "":
		return fmt.Errorf("%s was ended by the signal %s%s", name, r.Signal, words)
	}
	return fmt.Errorf("%s has exited with %d%s", name, r.ExitCode, words)
}

package verify

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/fsm"
)

// scheduler is the owner of the schedule: one goroutine, the one in run, reads
// and writes all of it.
type scheduler struct {
	cfg     Config
	log     *slog.Logger
	records *records
	publish *atomic.Pointer[schedule]
	renewal *renewals
	limits  *limits
	asks    <-chan ask

	view    *fsm.View // the last one followed; nil at first
	watches map[string]*watch
	// Each watch is in scheduled until it is due, then waits in a room until
	// there is place. Then it is in neither, and its flight is in flying until
	// it lands, abandoned or not.
	scheduled   queue[*watch]
	rooms       rooms
	flying      queue[*flight]
	late, stuck int
	open        int // see Progress.Open
	renewed     uint64
	lastCheck   time.Time

	workers sync.WaitGroup
	// landings has room for every check that may be in flight at the start; with
	// a higher limit since then a worker may wait for the next turn, or for the
	// end of ctx. It is never closed.
	landings chan landing
}

// watch is one endpoint, as the scheduler sees it.
type watch struct {
	// endpoint is nil if it was deleted; then the watch stays only until its
	// flight is back, so that an endpoint added again at once is not checked
	// twice at once.
	endpoint *fsm.Endpoint
	settings fsm.Settings
	tracker  tracker

	due     time.Time      // when it is to be checked next
	queue   *queue[*watch] // the last one it was put into; it has a place there, or has been taken out
	place   int
	started time.Time // of the last check of this revision; zero if none
	flight  *flight   // nil if none
	late    bool      // the last check started late
	sick    bool      // the last check panicked
	open    bool      // counted as open
	asked   []ask     // who waits for the next check
}

func newScheduler(cfg Config, r *records, publish *atomic.Pointer[schedule], renewal *renewals, limit *limits, asks <-chan ask) *scheduler {
	return &scheduler{
		cfg: cfg, log: cfg.Logger, records: r, publish: publish, renewal: renewal, limits: limit, asks: asks,
		watches:   map[string]*watch{},
		scheduled: newWaiting(), flying: newFlying(),
		rooms:    newRooms(cfg),
		landings: make(chan landing, cfg.MaxChecks+cfg.MaxConnections+cfg.MaxLines),
	}
}

// run takes turns until ctx ends.
func (s *scheduler) run(ctx context.Context) {
	defer s.publish.Store(&schedule{})
	ctx, cancel := context.WithCancel(ctx)
	defer s.workers.Wait()
	defer cancel()

	timer := time.NewTimer(0)
	defer timer.Stop()
	s.follow(s.cfg.Machine.View())
	for {
		next := s.turn(ctx, time.Now())
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return
		case <-s.view.Superseded():
			s.follow(s.cfg.Machine.View())
		case <-s.renewal.ready:
			s.renew()
		case a := <-s.asks:
			s.hear(a)
		case <-s.limits.changed:
			s.rooms.scripts.limit = int(s.limits.checks.Load())
		case l := <-s.landings:
			if ctx.Err() != nil {
				return // it may have been stopped, and what it says is not the endpoint's doing
			}
			s.landAll(l)
		case <-timer.C:
		}
	}
}

// turn starts what is due at now, as far as there is place, and returns when
// it should be called again if nothing else happens; zero means never.
func (s *scheduler) turn(ctx context.Context, now time.Time) (next time.Time) {
	for s.scheduled.has(now) {
		w := s.scheduled.Pop()
		w.waitIn(&s.rooms.of(w.settings.Check).waiting)
	}
	for _, r := range s.rooms.all() {
		for r.waiting.Len() > 0 && r.hasPlace() {
			s.start(ctx, r, r.waiting.Pop(), now)
		}
	}
	s.reportStuck(now)
	s.show(now)
	return earlier(s.scheduled.due(), s.flying.due())
}

// earlier returns the first of the two, where zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// start sends a check of w on its way in r. w must be in no queue and have no
// flight.
func (s *scheduler) start(ctx context.Context, r *room, w *watch, now time.Time) {
	stopping := ctx.Done()
	ctx, cancel := context.WithCancel(ctx)
	f := &flight{watch: w, room: r, request: s.request(w), planned: w.due, started: now, cancel: cancel}
	w.flight, w.started = f, now
	f.due = now.Add(f.request.Timeout + patience)
	s.flying.Push(f)
	s.setLate(w, now.Sub(f.planned) > tolerance(w.settings))
	r.running++
	s.workers.Go(func() {
		fly(ctx, s.cfg.Checker, f, func(l landing) {
			select {
			case s.landings <- l:
			case <-stopping: // nobody asks any more
			}
		})
	})
}

func (s *scheduler) request(w *watch) Request {
	return Request{
		Key: w.endpoint.Key, Value: w.endpoint.Value, Revision: w.endpoint.Revision, State: w.endpoint.State,
		Kind: w.settings.Check, Script: w.settings.Verify,
		Timeout: time.Duration(w.settings.Timeout), TimeoutIs: w.settings.TimeoutIs,
		Node: s.cfg.Node, Site: s.cfg.Site,
	}
}

// show publishes the schedule as it is at now.
func (s *scheduler) show(now time.Time) {
	due := s.scheduled.due()
	for _, r := range s.rooms.all() {
		due = earlier(due, r.waiting.due())
	}
	s.publish.Store(&schedule{due: due, Progress: Progress{
		Watched: s.view.EndpointCount(), Running: s.rooms.running(), Waiting: s.rooms.waiting(), Late: s.late, Stuck: s.stuck,
		Open: s.open, Renewals: s.renewed,
		LastCheck: s.lastCheck, LastTurn: now,
	}})
}

// setTracker keeps the count of open watches right.
func (s *scheduler) setTracker(w *watch, t tracker) {
	w.tracker = t
	s.setOpen(w, !t.settled)
}

func (s *scheduler) setOpen(w *watch, open bool) {
	if open && !w.open {
		s.open++
	}
	if !open && w.open {
		s.open--
	}
	w.open = open
}

// setLate keeps the count of late watches right.
func (s *scheduler) setLate(w *watch, late bool) {
	if late && !w.late {
		s.late++
	}
	if !late && w.late {
		s.late--
	}
	w.late = late
}

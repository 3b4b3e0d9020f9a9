package doubt

import (
	"sync"
	"time"
)

const (
	// beat is how often a process shows itself that it runs.
	beat = 500 * time.Millisecond
	// longestBeat is how long a beat may take on a machine that is merely busy.
	longestBeat = 2 * time.Second
	// settling is how long after a standstill what lay in the buffers of the
	// machine may take until it is read.
	settling = time.Second
)

// Standstill is a time in which this process did nothing. Its zero value is
// none.
type Standstill struct {
	Number uint64    // 1 for the first one
	Ended  time.Time // monotonic
	// Lasted is how long it was, or up to a beat more.
	Lasted time.Duration
	// Missed is the part of it that the monotonic clock knows nothing of,
	// because the machine was asleep.
	Missed time.Duration
}

// Reading is what this machine's clocks say, each from a beginning of its own.
type Reading struct {
	Monotonic time.Duration // stands still while the machine sleeps
	Wall      time.Duration // goes on, and may be put forward and back
}

// Clock returns a function that reads the clocks of this machine.
func Clock() func() Reading {
	began := time.Now()
	return func() Reading {
		now := time.Now()
		return Reading{Monotonic: now.Sub(began), Wall: time.Duration(now.UnixNano())}
	}
}

// Pulse finds out that this process stood still. Somebody has to call Beat
// regularly; whoever looks first after a standstill finds it, so that nobody
// acts on what was before without knowing.
type Pulse struct {
	read func() Reading

	mu      sync.Mutex
	beating bool
	last    Reading // of the last beat
	newest  Standstill
}

// NewPulse returns a Pulse that begins with the first beat. A nil clock is that
// of this machine.
func NewPulse(clock func() Reading) *Pulse {
	if clock == nil {
		clock = Clock()
	}
	return &Pulse{read: clock}
}

// Beat says that the process runs.
func (p *Pulse) Beat() { p.look(true) }

// Rest says that no beat is to be expected until the next.
func (p *Pulse) Rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beating = false
}

// Look returns the newest standstill, of which this may be the very moment it
// is noticed.
func (p *Pulse) Look() Standstill { return p.look(false) }

func (p *Pulse) look(beat bool) Standstill {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.read()
	if p.beating {
		if s, found := between(p.last, now); found {
			s.Number, s.Ended = p.newest.Number+1, time.Now()
			p.newest, p.last = s, now
		}
	}
	if beat {
		p.beating, p.last = true, now
	}
	return p.newest
}

// between returns the standstill that lies between a beat and now. A wall clock
// that went back says nothing.
func between(last, now Reading) (s Standstill, found bool) {
	seen, passed := now.Monotonic-last.Monotonic, now.Wall-last.Wall
	if s.Missed = passed - seen; s.Missed <= longestBeat {
		s.Missed = 0 // the machine was awake
	}
	s.Lasted = seen + s.Missed
	return s, s.Lasted > longestBeat
}

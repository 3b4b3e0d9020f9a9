package doubt_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/doubt"
)

// clock is one that a test moves. It goes on with the bubble's time.
type clock struct {
	mu              sync.Mutex
	monotonic, wall time.Duration // ahead of the bubble's
}

func (c *clock) move(monotonic, wall time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.monotonic += monotonic
	c.wall += wall
}

func (c *clock) read() doubt.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	passed := time.Duration(now.UnixNano())
	return doubt.Reading{Monotonic: passed + c.monotonic, Wall: passed + c.wall}
}

func TestPulse_FindsStandstills(t *testing.T) {
	tests := map[string]struct {
		monotonic, wall time.Duration
		found           bool
		lasted, missed  time.Duration
	}{
		"nothing":                  {},
		"a busy machine":           {monotonic: 1200 * time.Millisecond, wall: 1200 * time.Millisecond},
		"stopped":                  {monotonic: 5 * time.Second, wall: 5 * time.Second, found: true, lasted: 5500 * time.Millisecond},
		"asleep":                   {wall: time.Hour, found: true, lasted: time.Hour + 500*time.Millisecond, missed: time.Hour},
		"stopped and then asleep":  {monotonic: 5 * time.Second, wall: time.Minute, found: true, lasted: time.Minute + 500*time.Millisecond, missed: 55 * time.Second},
		"the clock corrects":       {wall: time.Second},
		"the clock goes back":      {wall: -time.Hour},
		"stopped, clock goes back": {monotonic: 5 * time.Second, wall: -time.Hour, found: true, lasted: 5500 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c clock
				p := doubt.NewPulse(c.read)
				p.Beat()
				for range 10 {
					time.Sleep(500 * time.Millisecond)
					p.Beat()
				}
				if s := p.Look(); s != (doubt.Standstill{}) {
					t.Fatalf("before anything: %+v", s)
				}
				time.Sleep(500 * time.Millisecond)
				c.move(test.monotonic, test.wall)
				want := doubt.Standstill{}
				if test.found {
					want = doubt.Standstill{Number: 1, Ended: time.Now(), Lasted: test.lasted, Missed: test.missed}
				}
				for i := range 3 { // it is found by whoever looks first, and once
					if s := p.Look(); s != want {
						t.Errorf("look %d: %+v, want %+v", i, s, want)
					}
					time.Sleep(100 * time.Millisecond)
				}
				p.Beat()
				if s := p.Look(); s != want {
					t.Errorf("a beat later: %+v, want %+v", s, want)
				}
			})
		})
	}
}

func TestPulse_BeginsWithTheFirstBeatAndEndsAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := doubt.NewPulse(nil)
		time.Sleep(time.Minute) // a disk that is slow to open
		if s := p.Look(); s != (doubt.Standstill{}) {
			t.Errorf("before the first beat: %+v", s)
		}
		p.Beat()
		p.Rest()
		time.Sleep(time.Minute) // the node ends, or has not begun again
		if s := p.Look(); s != (doubt.Standstill{}) {
			t.Errorf("at rest: %+v", s)
		}
		p.Beat()
		time.Sleep(3 * time.Second)
		if s := p.Look(); s.Number != 1 || s.Lasted != 3*time.Second {
			t.Errorf("without a beat for 3s: %+v", s)
		}
	})
}

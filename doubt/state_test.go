package doubt_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/doubt"
)

// healthy are the facts of a node that has no reason to doubt itself.
func healthy() doubt.Facts {
	return doubt.Facts{
		Renewed: true, Patience: 30 * time.Second, Canaries: 2,
		Observers: 5, Heard: 5, Refresh: 5 * time.Second, Interval: 10 * time.Second,
	}
}

func TestState_After(t *testing.T) {
	type step struct {
		at    time.Duration
		facts func(f *doubt.Facts)
		want  string
	}
	fine := func(*doubt.Facts) {}
	hears := func(n int) func(*doubt.Facts) { return func(f *doubt.Facts) { f.Heard = n } }
	late := func(d time.Duration) func(*doubt.Facts) { return func(f *doubt.Facts) { f.Late = d } }
	silent := func(n int) func(*doubt.Facts) { return func(f *doubt.Facts) { f.Canaries, f.Silent = n, true } }
	start := time.Now()
	still := func(number uint64, renewed bool, open int) func(*doubt.Facts) {
		return func(f *doubt.Facts) {
			f.Standstill = doubt.Standstill{Number: number, Ended: start.Add(time.Second), Lasted: 62400 * time.Millisecond}
			f.Renewed, f.Open = renewed, open
		}
	}
	const (
		cutOff   = "cut off: hears fewer than 3 of 5 nodes"
		tooLate  = "its checks are more than 30s late"
		stood    = "stood still for 1m2s, checks all anew"
		canaries = "none of its 2 canaries answers"
	)
	tests := map[string][]step{
		"nothing to doubt": {{0, fine, ""}, {time.Hour, fine, ""}},
		"a node that is no observer hears nobody, and need not": {
			{0, func(f *doubt.Facts) { f.Observers, f.Heard = 0, 0 }, ""},
			{time.Hour, func(f *doubt.Facts) { f.Observers, f.Heard = 0, 0 }, ""},
		},
		"a majority is enough": {{0, hears(3), ""}, {time.Hour, hears(3), ""}},
		"cut off": {
			{0, hears(2), ""},
			{10*time.Second - 1, hears(2), ""},
			{10 * time.Second, hears(2), cutOff},
			{20 * time.Second, hears(1), cutOff},
			{30 * time.Second, hears(3), cutOff},
			{35*time.Second - 1, hears(3), cutOff},
			{35 * time.Second, hears(3), ""},
		},
		"one that comes and goes does not flap": {
			{0, hears(2), ""},
			{8 * time.Second, hears(3), ""},
			{9 * time.Second, hears(2), ""},
			{18 * time.Second, hears(2), ""},
			{19 * time.Second, hears(2), cutOff},
			{20 * time.Second, hears(3), cutOff},
			{24 * time.Second, hears(2), cutOff},
			{28 * time.Second, hears(3), cutOff},
			{33 * time.Second, hears(3), ""},
		},
		"late": {
			{0, late(30 * time.Second), ""},
			{time.Second, late(30*time.Second + 1), ""},
			{2 * time.Second, late(31 * time.Second), tooLate},
			{3 * time.Second, late(11 * time.Second), tooLate},
			{4 * time.Second, late(10 * time.Second), tooLate},
			{13 * time.Second, late(0), tooLate},
			{14 * time.Second, late(0), ""},
		},
		"late for a moment":           {{0, late(time.Minute), ""}, {time.Second / 2, late(0), ""}, {time.Minute, fine, ""}},
		"silent canaries, no waiting": {{0, silent(2), canaries}, {time.Second, fine, ""}},
		"a single canary":             {{0, silent(1), "its canary does not answer"}},
		"a standstill": {
			{time.Second, still(1, false, 0), stood},
			{2 * time.Second, still(1, true, 7), stood},
			{3 * time.Second, still(1, true, 1), stood},
			{4 * time.Second, still(1, true, 0), ""},
			{5 * time.Second, still(1, true, 3), ""}, // endpoints were added
			{6 * time.Second, still(2, false, 0), stood},
			{7 * time.Second, still(2, true, 0), ""},
		},
		"an endpoint that gets no verdict holds the others up for so long": {
			{31*time.Second - 1, still(1, true, 1), stood},
			{31 * time.Second, still(1, true, 1), ""},
		},
		"without the renewal nothing is recovered": {{time.Hour, still(1, false, 0), stood}},
		"what explains the others comes first": {
			{0, func(f *doubt.Facts) { still(1, false, 0)(f); silent(2)(f); hears(1)(f) }, stood},
			{time.Hour, func(f *doubt.Facts) { still(1, true, 0)(f); silent(2)(f); hears(1)(f) }, canaries},
			{2 * time.Hour, func(f *doubt.Facts) { still(1, true, 0)(f); hears(1)(f) }, cutOff},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var s doubt.State
			for _, step := range steps {
				f := healthy()
				f.Now = start.Add(step.at)
				step.facts(&f)
				if s = s.After(f); s.Reason() != step.want {
					t.Errorf("after %v: %q, want %q", step.at, s.Reason(), step.want)
				}
			}
		})
	}
}

// Whatever happened, a node that is well for long enough votes again; and while
// it is well it does not begin to abstain.
func TestState_RecoversByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s doubt.State
		now := time.Now()
		f := healthy()
		for range rapid.IntRange(0, 30).Draw(t, "moments") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * time.Second)
			f = healthy()
			f.Heard = rapid.IntRange(1, 5).Draw(t, "heard")
			f.Late = time.Duration(rapid.IntRange(0, 60).Draw(t, "late")) * time.Second
			f.Silent = rapid.Bool().Draw(t, "silent")
			f.Renewed, f.Open = rapid.Bool().Draw(t, "renewed"), rapid.IntRange(0, 2).Draw(t, "open")
			f.Standstill = doubt.Standstill{Number: uint64(rapid.IntRange(0, 3).Draw(t, "standstill")), Ended: now}
			f.Now = now
			s = s.After(f)
		}
		last := f.Standstill
		began := now
		for range 80 {
			now = now.Add(500 * time.Millisecond)
			f = healthy()
			f.Now, f.Standstill = now, last
			before := s.Reason()
			if s = s.After(f); before == "" && s.Reason() != "" {
				t.Fatalf("it is well and begins to abstain: %q", s.Reason())
			}
		}
		if s.Reason() != "" {
			t.Fatalf("well for %v, and it still abstains: %q", now.Sub(began), s.Reason())
		}
	})
}

// A reason fits a ballot whole.
func TestState_ReasonsFitABallot(t *testing.T) {
	f := healthy()
	f.Observers, f.Heard, f.Canaries = 1000, 1, doubt.MaxCanaries
	f.Interval, f.Late = 24*time.Hour, 1000*time.Hour
	f.Now = time.Now()
	var s doubt.State
	check := func() {
		t.Helper()
		s = s.After(f)
		f.Now = f.Now.Add(time.Hour)
		if s = s.After(f); s.Reason() == "" || len(s.Reason()) > 64 {
			t.Errorf("%q has %d bytes", s.Reason(), len(s.Reason()))
		}
	}
	check()
	f.Heard = 1000
	f.Late = 1000 * time.Hour
	f.Silent = true
	check()
	f.Standstill = doubt.Standstill{Number: 1, Lasted: 99999*time.Hour + 59*time.Minute + 59*time.Second}
	f.Renewed = false
	check()
	f.Silent, f.Renewed = false, true
	check()
}

func TestState_CauseIsThatOfTheReason(t *testing.T) {
	start := time.Now()
	for want, ill := range map[doubt.Cause]func(*doubt.Facts){
		"":               func(*doubt.Facts) {},
		doubt.StoodStill: func(f *doubt.Facts) { f.Standstill, f.Silent = doubt.Standstill{Number: 1, Ended: start}, true }, // explains the rest
		doubt.NoCanary:   func(f *doubt.Facts) { f.Silent, f.Heard = true, 1 },
		doubt.CutOff:     func(f *doubt.Facts) { f.Heard, f.Late = 1, time.Hour },
		doubt.Late:       func(f *doubt.Facts) { f.Late = time.Hour },
	} {
		var s doubt.State
		for at := range 30 {
			f := healthy()
			f.Now = start.Add(time.Duration(at) * time.Second)
			f.Renewed = false
			ill(&f)
			s = s.After(f)
		}
		if s.Cause() != want || (s.Reason() == "") != (want == "") {
			t.Errorf("the cause is %q (%s), want %q", s.Cause(), s.Reason(), want)
		}
	}
}

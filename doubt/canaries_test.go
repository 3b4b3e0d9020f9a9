package doubt_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/doubt"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// network is what can be reached.
type network struct {
	mu    sync.Mutex
	dead  map[string]bool
	asked []string
	takes time.Duration
}

func (n *network) cut(addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead = map[string]bool{}
	for _, a := range addresses {
		n.dead[a] = true
	}
}

// take returns what was asked since the last call, in order of names.
func (n *network) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	slices.Sort(asked)
	return asked
}

// Check implements verify.Checker.
func (n *network) Check(ctx context.Context, r verify.Request) verify.Sample {
	n.mu.Lock()
	n.asked = append(n.asked, r.Key)
	takes := n.takes
	n.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return verify.Sample{Reason: "stopped"}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dead[r.Key] {
		return verify.Sample{Status: health.Down, Reason: "no answer"}
	}
	return verify.Sample{Status: health.Up}
}

func TestCanaries_TakeFallAndRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{takes: time.Millisecond}
		c := doubt.NewCanaries([]string{"a:1", "http://b/"}, n, "n1", "south", newCluster(t))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { c.Run(ctx) })
		defer running.Wait()
		defer cancel()

		time.Sleep(time.Minute)
		if asked := len(n.take()); c.Silent() || asked < 12 || asked > 16 {
			t.Errorf("in a minute, silent %v, %d questions, want 12 to 16", c.Silent(), asked)
		}
		n.cut("a:1")
		time.Sleep(time.Minute)
		if c.Silent() {
			t.Error("one of two answers, and they are said to be silent")
		}
		n.cut("a:1", "http://b/")
		began := time.Now()
		for !c.Silent() {
			time.Sleep(100 * time.Millisecond)
			if time.Since(began) > 15*time.Second {
				t.Fatal("none answers for 15s, and they are not silent")
			}
		}
		if took := time.Since(began); took < 3*time.Second { // two retries of 1.8s at least
			t.Errorf("silent after %v: that was not three rounds", took)
		}
		n.cut()
		began = time.Now()
		for c.Silent() {
			time.Sleep(100 * time.Millisecond)
			if time.Since(began) > 13*time.Second {
				t.Fatal("all answer for 13s, and they are silent")
			}
		}
		if took := time.Since(began); took < 1500*time.Millisecond {
			t.Errorf("not silent after %v: that was not two rounds", took)
		}
	})
}

func TestCanaries_OneLostAnswerIsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		c := doubt.NewCanaries([]string{"a:1"}, n, "n1", "", newCluster(t))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { c.Run(ctx) })
		defer running.Wait()
		defer cancel()
		for range 20 {
			n.cut("a:1")
			for n.take(); len(n.take()) == 0; {
				time.Sleep(10 * time.Millisecond)
			}
			n.cut()
			time.Sleep(15 * time.Second)
			if c.Silent() {
				t.Fatal("one round without an answer made them silent")
			}
		}
	})
}

func TestCanaries_AnswerIsNotOlderThanAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{takes: time.Second}
		c := doubt.NewCanaries([]string{"a:1"}, n, "n1", "", newCluster(t))
		ctx := t.Context()
		var asking sync.WaitGroup
		began := time.Now()
		for range 100 {
			asking.Go(func() {
				if !c.Answer(ctx, began) {
					t.Error("no answer")
				}
			})
		}
		asking.Wait()
		if asked := n.take(); len(asked) != 1 {
			t.Errorf("a hundred at once asked %d times, want once", len(asked))
		}
		// One who comes in the middle of a round waits for the next.
		asking.Go(func() { c.Answer(ctx, time.Now()) })
		time.Sleep(time.Second / 2)
		n.cut("a:1")
		if c.Answer(ctx, time.Now()) {
			t.Error("an answer to a question of before the cut counts")
		}
		asking.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %v, want three rounds of a second", took)
		}
	})
}

func TestCanaries_WhoeverIsStoppedSpoilsNoRoundForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{takes: time.Second}
		c := doubt.NewCanaries([]string{"a:1"}, n, "n1", "", newCluster(t))
		began := time.Now()
		stopped, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			if c.Answer(stopped, began) {
				t.Error("who was stopped got an answer")
			}
		})
		synctest.Wait()
		asking.Go(func() {
			if !c.Answer(t.Context(), began) {
				t.Error("who was not stopped got no answer")
			}
		})
		time.Sleep(time.Second / 2)
		cancel()
		asking.Wait()
	})
}

func TestCanaries_WithoutAddressesThereIsNoDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := watched(t, nil, nil)
		time.Sleep(time.Hour)
		if c.Silent() || !c.Answer(t.Context(), time.Now()) {
			t.Error("no canary is doubted")
		}
	})
}

// watched returns Canaries that are asked until the end of the test.
func watched(t *testing.T, n *network, addresses []string) *doubt.Canaries {
	t.Helper()
	c := doubt.NewCanaries(addresses, n, "n1", "", newCluster(t))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return c
}

func TestCanaries_Replace(t *testing.T) {
	for name, test := range map[string]struct {
		with   []string
		silent bool // a minute later; what is asked is at b
	}{
		"by one that answers":   {[]string{"b:1"}, false},
		"by one that is silent": {[]string{"c:1"}, true},
		"by none":               {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{takes: 10 * time.Millisecond}
				n.cut("a:1", "c:1")
				c := watched(t, n, []string{"a:1"})
				time.Sleep(time.Minute)
				if !c.Silent() {
					t.Fatal("it does not answer for a minute, and is not silent")
				}
				c.Replace(test.with)
				if c.Silent() != (len(test.with) > 0) {
					t.Error("silence has ended before another canary answered, or not with the last one")
				}
				n.take()
				time.Sleep(time.Minute)
				if c.Silent() != test.silent || c.Count() != len(test.with) || slices.Contains(n.take(), "a:1") {
					t.Errorf("silent %v, %d canaries", c.Silent(), c.Count())
				}
			})
		})
	}
	t.Run("none by one that is silent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := &network{}
			n.cut("a:1")
			c := watched(t, n, nil)
			time.Sleep(time.Minute)
			c.Replace([]string{"a:1"})
			if c.Answer(t.Context(), time.Now()) {
				t.Error("it answered")
			}
			time.Sleep(time.Minute)
			if !c.Silent() {
				t.Error("not silent")
			}
		})
	})
}

// TestCanaries_ReplaceOutdatesARound: what a canary of before answers is not
// what those of now do.
func TestCanaries_ReplaceOutdatesARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{takes: time.Second}
		n.cut("b:1")
		c := doubt.NewCanaries([]string{"a:1"}, n, "n1", "", newCluster(t))
		began := time.Now()
		time.AfterFunc(500*time.Millisecond, func() { c.Replace([]string{"b:1"}) })
		if c.Answer(t.Context(), began) || time.Since(began) != 2*time.Second {
			t.Errorf("answered after %v: that was the one before", time.Since(began))
		}
	})
}

func TestValidateCanaries(t *testing.T) {
	if err := doubt.ValidateCanaries([]string{"10.0.0.1:53", "[::1]:22", "gw.example:443", "http://gw/health", "https://gw:8443/"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "gw", "gw:", ":53", "gw:0", "gw:70000", "gw:dns", "http://", "ftp://gw/"} {
		if doubt.ValidateCanaries([]string{bad}) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	if err := doubt.ValidateCanaries(strings.Split(strings.Repeat("a:1,", doubt.MaxCanaries)+"a:1", ",")); err == nil {
		t.Error("one too many is accepted")
	}
}

func TestGuard(t *testing.T) {
	tests := map[string]struct {
		dead  []string
		still bool
		want  verify.Sample
	}{
		"up":                                   {want: verify.Sample{Status: health.Up}},
		"up, whatever the canaries":            {dead: []string{"a:1"}, want: verify.Sample{Status: health.Up}},
		"down":                                 {dead: []string{"db"}, want: verify.Sample{Status: health.Down, Reason: "no answer"}},
		"down, and so is the canary":           {dead: []string{"db", "a:1"}, want: verify.Sample{Reason: "no canary answers, so this may be our own network: no answer"}},
		"up, and it stood still in the middle": {still: true, want: verify.Sample{Reason: "this node stood still for 1m0s in the middle of the check"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{takes: time.Second}
				n.cut(test.dead...)
				var c clock
				p := doubt.NewPulse(c.read)
				p.Beat()
				g := doubt.Guard(n, p, doubt.NewCanaries([]string{"a:1"}, n, "n1", "", newCluster(t)))
				if test.still {
					time.AfterFunc(time.Second/2, func() { c.move(time.Minute, time.Minute) })
				}
				got := g.Check(t.Context(), verify.Request{Key: "db", Kind: fsm.CheckTCP})
				if test.still {
					got.Reason = strings.Replace(got.Reason, "1m1s", "1m0s", 1)
				}
				if got != test.want {
					t.Errorf("got %+v, want %+v", got, test.want)
				}
			})
		})
	}
}

package clustertest_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/clustertest/check"
	"tocsin/clustertest/sim"
)

// How much is simulated. One seed is replayed with -seed, in all its length.
var (
	seeds   = flag.Int("seeds", 20, "how many seeds to simulate, from -first on")
	during  = flag.Duration("during", 0, "simulate seeds from -first on for so long instead, however many that are")
	first   = flag.Uint64("first", 1, "the first of the seeds")
	oneSeed = flag.Uint64("seed", 0, "simulate this seed alone")
	minutes = flag.Int("minutes", 3, "virtual minutes of faults in each simulation")
	varied  = flag.Bool("varied", false, "require that all that should happen sometimes did: give it sixty seeds of ten minutes")
)

func TestSimulation(t *testing.T) {
	var seen counts
	t.Cleanup(func() { seen.report(t) })
	began := time.Now()
	// A round at a time, so that the time is looked at in between. A failed seed
	// says enough.
	for from := *first; !t.Failed(); {
		to := from + uint64(*seeds)
		switch {
		case *oneSeed != 0:
			from, to = *oneSeed, *oneSeed+1
		case *during > 0:
			to = from + uint64(2*runtime.GOMAXPROCS(0))
		}
		t.Run(fmt.Sprintf("seeds from %d to %d", from, to-1), func(t *testing.T) {
			for seed := from; seed < to; seed++ {
				t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
					t.Parallel()
					seen.add(simulate(t, seed))
				})
			}
		})
		if from = to; *oneSeed != 0 || time.Since(began) >= *during {
			break
		}
	}
}

// counts is how often what should happen sometimes did, over all seeds.
type counts struct {
	mu    sync.Mutex
	seeds int
	seen  map[string]int
}

func (c *counts) add(seen map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seeds++
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	for what, n := range seen {
		c.seen[what] += n
	}
}

func (c *counts) report(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("%d seeds from %d on, %d virtual minutes each", c.seeds, *first, *minutes)
	for _, what := range sim.Sometimes() {
		t.Logf("%6d × %s", c.seen[what], what)
		if *varied && c.seen[what] == 0 {
			t.Errorf("in %d seeds it never happened that %s: they prove little", c.seeds, what)
		}
	}
}

// simulate plays one seed, and returns what happened of what should sometimes.
func simulate(t *testing.T, seed uint64) map[string]int {
	plan := sim.NewPlan(seed, time.Duration(*minutes)*time.Minute)
	var result sim.Result
	synctest.Test(t, func(t *testing.T) { result = sim.Run(t, plan) })
	if t.Failed() {
		t.Errorf("replay: go test ./clustertest -run TestSimulation -seed %d -minutes %d", seed, *minutes)
		return nil
	}
	broken := check.Violations(result.History)
	for i, v := range broken {
		if i == 3 {
			t.Errorf("and %d more", len(broken)-i)
			break
		}
		t.Errorf("%v\n\n%v\nreplay: go test ./clustertest -run TestSimulation -seed %d -minutes %d\n\n%s",
			v, plan, seed, *minutes, result.History.Story(v))
	}
	t.Logf("%v; %d events, %d runs, %d writes", plan, len(result.History.Events), len(result.History.Runs), len(result.History.Writes))
	return result.Sometimes
}

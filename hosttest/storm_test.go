//go:build linux

package hosttest

import (
	"context"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tocsin/clustertest/check"
)

var (
	seed   = flag.Uint64("seed", 0, "play the storm of this seed; 0 draws one")
	length = flag.Duration("length", 100*time.Second, "how long faults go on")
	only   = flag.String("only", "", "play only these kinds of fault, with commas")
)

// longestRound is how long one cluster lives: its logs have to hold everything
// that happened to it.
const longestRound = 10 * time.Minute

func TestStorm(t *testing.T) {
	needHosts(t)
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1_000_000) + 1
	}
	for left, round := *length, first; left > 0; left, round = left-longestRound, round+1 {
		storm(t, round, min(left, longestRound))
		if t.Failed() {
			return
		}
	}
}

// storm plays one storm on a cluster of its own.
func storm(t *testing.T, seed uint64, length time.Duration) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 2*length+10*time.Minute)
	defer cancel()
	t.Logf("seed %d, %v", seed, length)
	c := start(t, Config{Nodes: 5, Small: []int{4, 5}, Endpoints: true, Seed: seed})
	s := &Storm{Seed: seed, Length: length, Cluster: c, Say: t.Logf}
	if *only != "" {
		s.Only = strings.Split(*only, ",")
	}
	replay := func() {
		t.Errorf("replay: go test ./hosttest -hosts -run TestStorm -v -seed %d -length %v", seed, length)
	}
	if err := s.Play(ctx); err != nil {
		t.Error(err)
		replay()
		return
	}
	h, err := c.History(ctx)
	if err != nil {
		t.Errorf("no history: %v", err)
		replay()
		return
	}
	for _, what := range c.Trouble() {
		t.Error(what)
	}
	for i, v := range check.Violations(h) {
		if i == 5 {
			t.Error("and more")
			break
		}
		t.Errorf("%v\n\n%s", v, h.Story(v))
	}
	if t.Failed() {
		replay()
		return
	}
	wantObjections(t, h)
	t.Logf("seed %d: %v, %d lives, %d entries, %d events, %d runs, %d writes, %d terms",
		seed, time.Since(began).Round(time.Second), len(h.Lives), len(h.Log), len(h.Events), len(h.Runs), len(h.Writes), len(h.Terms))
}

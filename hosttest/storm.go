//go:build linux

package hosttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tocsin/clustertest/check"
)

// maxFault bounds how long one fault goes on.
const maxFault = 2 * time.Minute

// Storm plays faults on a cluster.
type Storm struct {
	Seed   uint64
	Length time.Duration
	// Only names the kinds of fault to play; all that are possible if empty.
	Only []string
	// Say tells how it goes.
	Say func(format string, args ...any)

	*Cluster
	dice  *rand.Rand
	deck  []kind
	churn *churn
	busy  map[string]bool // nodes that a fault that is on has hit
	quiet time.Duration   // since when all has been well; -1 while it is not
}

// Play plays faults until the time is up, and lets the cluster converge after
// each. The error is what did not converge, or what kept it from playing.
func (s *Storm) Play(ctx context.Context) error {
	s.dice, s.busy = rand.New(rand.NewPCG(s.Seed, 2)), map[string]bool{}
	s.churn = s.Cluster.churn(ctx)
	defer s.churn.end()
	s.quiet = s.record.now()
	end := s.record.now() + s.Length
	for s.record.now() < end {
		if err := s.bout(ctx); err != nil {
			return err
		}
	}
	s.well(s.record.now())
	return nil
}

// bout plays one fault, or two at once, and lets the cluster converge.
func (s *Storm) bout(ctx context.Context) error {
	s.churn.resume()
	var wounds []*wound
	for range 1 + s.dice.IntN(3)/2 {
		w, err := s.strike(ctx)
		if err != nil {
			return err
		}
		if w != nil {
			wounds = append(wounds, w)
		}
	}
	if len(wounds) == 0 {
		return errors.New("no fault is possible, though all is well")
	}
	s.judge(wounds)
	longest := time.Duration(0)
	for _, w := range wounds {
		longest = max(longest, w.lasts)
	}
	select {
	case <-time.After(longest):
	case <-ctx.Done():
		return ctx.Err()
	}
	var errs []error
	for _, w := range slices.Backward(wounds) {
		s.record.fault("over: %s", w.what)
		errs = append(errs, w.end())
	}
	clear(s.busy)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.calm(ctx)
}

// strike draws a fault that is possible now, and begins it. It returns nil if
// none is.
func (s *Storm) strike(ctx context.Context) (*wound, error) {
	for range 100 {
		if len(s.deck) == 0 {
			s.deck = s.shuffled()
		}
		k := s.deck[0]
		s.deck = s.deck[1:]
		w, err := k.begin(s, ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		if w == nil {
			continue
		}
		if w.what = k.name; w.whom != "" {
			w.what += ": " + w.whom
		}
		for _, name := range w.victims {
			s.busy[name] = true
		}
		s.record.fault("%s, for %v", w.what, w.lasts)
		s.Say("%8v  %s, for %v", s.record.now().Round(100*time.Millisecond), w.what, w.lasts)
		return w, nil
	}
	return nil, nil
}

// shuffled returns all kinds in a new order.
func (s *Storm) shuffled() []kind {
	var all []kind
	for _, k := range kinds(s.Length) {
		if len(s.Only) == 0 || slices.Contains(s.Only, k.name) {
			all = append(all, k)
		}
	}
	s.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// judge ends the time in which all is well, unless a majority of nodes is
// untouched.
func (s *Storm) judge(wounds []*wound) {
	contained := 2*len(s.busy) < len(s.nodes)
	for _, w := range wounds {
		contained = contained && w.contained
	}
	if !contained {
		s.well(s.record.now())
		s.quiet = -1
	}
}

// well notes that until then a majority was untouched.
func (s *Storm) well(until time.Duration) {
	if s.quiet < 0 {
		return
	}
	from := s.quiet
	s.record.change(func(h *check.History, _ time.Duration) { h.Well = append(h.Well, check.Span{From: from, To: until}) })
}

// calm lets the cluster converge with nothing else going on.
func (s *Storm) calm(ctx context.Context) error {
	s.churn.pause()
	began := s.record.now()
	if err := s.Converged(ctx); err != nil {
		return fmt.Errorf("invariant 15 is broken: %w", err)
	}
	s.Say("%8v  converged after %v", s.record.now().Round(100*time.Millisecond), (s.record.now() - began).Round(10*time.Millisecond))
	if s.quiet < 0 {
		s.quiet = s.record.now()
	}
	if trouble := s.record.troubles(); len(trouble) > 0 {
		return errors.New(strings.Join(trouble, "\n"))
	}
	return nil
}

// free draws a node that runs and that no fault has hit, nil if there is none.
func (s *Storm) free() *node {
	nodes := slices.DeleteFunc(s.up(), func(n *node) bool { return s.busy[n.name] })
	if len(nodes) == 0 {
		return nil
	}
	return nodes[s.dice.IntN(len(nodes))]
}

// between draws a duration.
func (s *Storm) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.dice.Int64N(int64(most-least)+1)).Round(100*time.Millisecond)
}

//go:build linux

package hosttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/api"
)

// convergence is how long the cluster may take to converge when all faults are
// over.
const convergence = 90 * time.Second

// Converged waits until nothing is unsettled any more. The error says what is
// when the time is up.
func (c *Cluster) Converged(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, convergence)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var problems []string
	for {
		now := c.unsettled(ctx)
		if len(now) == 0 {
			return nil
		}
		if ctx.Err() == nil {
			problems = now
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%v after the faults ended:\n\t%s", convergence, strings.Join(problems, "\n\t"))
		}
	}
}

// unsettled says what has not converged.
func (c *Cluster) unsettled(ctx context.Context) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	leaders := map[string]bool{}
	for _, n := range c.nodes {
		if !n.runs() {
			bad("%s is down", n.name)
			continue
		}
		var r api.Readiness
		if err := n.get(ctx, "/readyz", &r); err != nil {
			bad("%s does not answer: %v", n.name, err)
			continue
		}
		leaders[r.Leader] = true
		if !r.Ready {
			bad("%s is not ready: %q", n.name, r.Problems)
			continue
		}
		if s := r.Notifications; s == nil || s.Cursor < s.Head || s.Waiting+s.Running+s.Unreported > 0 {
			bad("the notifications of %s stand at %+v", n.name, s)
		}
		if err := c.unsettledOn(ctx, n); err != nil {
			bad("%s: %v", n.name, err)
		}
	}
	if len(leaders) != 1 {
		bad("there are the leaders %q", slices.Sorted(maps.Keys(leaders)))
	}
	return problems
}

// unsettledOn compares what one node holds with what is really so.
func (c *Cluster) unsettledOn(ctx context.Context, n *node) error {
	var alive []string
	var status api.Status
	if err := errors.Join(n.get(ctx, "/gossipnodes", &alive), n.get(ctx, "/v1/status", &status)); err != nil {
		return err
	}
	if len(alive) != len(c.nodes) || len(status.Cluster.Observers) != len(c.nodes) {
		return fmt.Errorf("it sees %d nodes alive and %d observers", len(alive), len(status.Cluster.Observers))
	}
	for _, o := range status.Cluster.Observers {
		if o.Voter == nil || !*o.Voter || !o.Fresh || o.Abstains != "" {
			return fmt.Errorf("it sees %s as voter %v, fresh %v, abstaining %q", o.Node, o.Voter != nil && *o.Voter, o.Fresh, o.Abstains)
		}
	}
	truth := c.world.all()
	for _, e := range status.Endpoints {
		if want, known := truth[e.Value]; known && e.State != want {
			return fmt.Errorf("%s (%s) is really %v and its state is %v", e.Key, e.Value, want, e.State)
		}
	}
	return nil
}

// leader returns who leads as far as anybody who is up knows, nil if nobody
// does.
func (c *Cluster) leader(ctx context.Context) *node {
	for _, n := range c.up() {
		var r api.Readiness
		if n.get(ctx, "/readyz", &r) == nil && r.Ready {
			for _, other := range c.nodes {
				if other.name == r.Leader {
					return other
				}
			}
		}
	}
	return nil
}

// agree waits until all nodes have applied all that is committed, and nothing is
// committed any more.
func (c *Cluster) agree(ctx context.Context) (index uint64, err error) {
	same := 0
	for range 600 {
		low, high := uint64(1<<63), uint64(0)
		for _, n := range c.nodes {
			var r api.Readiness
			if err := n.get(ctx, "/readyz", &r); err != nil {
				return 0, err
			}
			low, high = min(low, r.Index), max(high, r.Index, r.CommitIndex)
		}
		if same++; low != high || high != index {
			same, index = 0, high
		}
		if same == 5 {
			return index, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, fmt.Errorf("a minute after the last fault entries are still committed, or not applied by all; the newest is %d", index)
}

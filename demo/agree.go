//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"

	"tocsin/api"
)

// awaitLeader waits until all nodes that are alive are ready and follow the
// same one of them, and tells of each as it comes to do so.
func (s *story) awaitLeader(ctx context.Context) error {
	return await(ctx, patience, "all nodes are ready and follow one leader", func() (string, error) {
		if err := s.cluster.check(); err != nil {
			return "", err
		}
		var missing []string
		leaders := make(map[*agent]bool)
		for _, n := range s.cluster.alive() {
			leader, problem := s.leaderOf(ctx, n)
			if problem != "" {
				missing = append(missing, problem)
				continue
			}
			s.leader = leader
			leaders[leader] = true
		}
		if len(leaders) > 1 {
			missing = append(missing, "one leader for all")
		}
		return strings.Join(missing, ", "), nil
	})
}

// leaderOf returns the node that n follows, or in words why n follows nobody.
func (s *story) leaderOf(ctx context.Context, n *agent) (leader *agent, problem string) {
	r, err := n.readiness(ctx)
	if err != nil {
		return nil, n.name + " does not answer"
	}
	if !r.Ready {
		return nil, n.name + " is not ready: " + strings.Join(r.Problems, "; ")
	}
	leader, ok := s.cluster.named(r.Leader)
	switch {
	case !ok || leader.proc == nil:
		return nil, fmt.Sprintf("%s has no leader that is alive (%q)", n.name, r.Leader)
	case leader == n:
		s.screen.once(noted, "%s leads", n.name)
	default:
		s.screen.once(noted, "%s is ready and follows %s", n.name, leader.name)
	}
	return leader, ""
}

// sameEvents waits until every node that is alive holds the events that were
// told, and no others.
func (s *story) sameEvents(ctx context.Context) error {
	want := ids(s.events)
	return await(ctx, patience, "all nodes hold the same events", func() (string, error) {
		for _, n := range s.cluster.alive() {
			events, err := n.events(ctx, 0)
			if err != nil {
				return err.Error(), nil
			}
			if got := ids(events); got != want {
				return fmt.Sprintf("%s holds %s, not %s", n.name, got, want), nil
			}
		}
		return "", nil
	})
}

func ids(events []api.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprintf("%d (%v)", e.ID, e.To))
	}
	return strings.Join(list, ", ")
}

//go:build unix

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

// turn is a change of state that is on its way, from the first vote to the last
// client.
type turn struct {
	to       health.Status
	backend  *service  // that the clients are to use afterwards
	nodes    []*agent  // that are to be notified
	baseline bool      // nobody is to be notified
	event    api.Event // the zero Event until it is committed
}

// turn returns a change to the state to, of which all nodes that are alive are
// to be notified.
func (s *story) turn(to health.Status, backend *service) *turn {
	return &turn{to: to, backend: backend, nodes: s.cluster.alive()}
}

// follow tells how the votes come in, the event is committed, the scripts run
// and the files change, as it happens, and returns nil once all of it has.
func (s *story) follow(ctx context.Context, t *turn) error {
	known := t.event.ID != 0 // the event is an old one: somebody catches up
	what := fmt.Sprintf("%s is %v and everybody knows", key, t.to)
	err := await(ctx, patience, what, func() (string, error) {
		if err := s.cluster.check(); err != nil {
			return "", err
		}
		// The event is read before the votes: those it was decided with are told
		// before it, the others after.
		noEvent, err := s.readEvent(ctx, t)
		if err != nil {
			return "", err
		}
		noVotes := s.readVotes(ctx, t)
		noOutcomes, err := s.readOutcomes(t)
		if err != nil {
			return "", err
		}
		return strings.Join(slices.Concat(noVotes, noEvent, noOutcomes), ", "), nil
	})
	if err != nil {
		return err
	}
	if !known {
		s.events = append(s.events, t.event)
	}
	if t.baseline {
		return nil
	}
	return s.askClients(ctx, t)
}

// readVotes tells of the votes for the change that the leader has, and returns
// which are missing.
func (s *story) readVotes(ctx context.Context, t *turn) (missing []string) {
	status, err := s.leader.status(ctx, key)
	if err != nil {
		return []string{err.Error()}
	}
	voted := s.tellVotes(t, status.Votes)
	for _, n := range t.nodes {
		if !voted[n] {
			missing = append(missing, "the vote of "+n.name)
		}
	}
	return missing
}

// tellVotes tells of the votes that count for the change, and returns whose
// they are.
func (s *story) tellVotes(t *turn, votes []fsm.Vote) map[*agent]bool {
	voted := make(map[*agent]bool)
	for _, v := range votes {
		voter, ok := s.cluster.named(v.Node)
		if ok && slices.Contains(t.nodes, voter) && v.Excluded == "" && v.Verdict == t.to {
			voted[voter] = true
			s.screen.once(noted, "%s votes %v%s", v.Node, v.Verdict, brief(v))
		}
	}
	return voted
}

// brief is the end of the reason of a vote that is not UP: what is wrong, after
// all that says where.
func brief(v fsm.Vote) string {
	if v.Verdict == health.Up || v.Reason == "" {
		return ""
	}
	const after = ": "
	reason := v.Reason
	if i := strings.LastIndex(reason, after); i >= 0 {
		reason = reason[i+len(after):]
	}
	return after + reason
}

// readEvent tells of the event once it is committed, keeps it up to date, and
// checks that it says what it has to.
func (s *story) readEvent(ctx context.Context, t *turn) (missing []string, err error) {
	var before uint64
	for _, e := range s.events {
		if e.ID != t.event.ID {
			before = e.ID
		}
	}
	events, err := s.leader.events(ctx, before)
	switch {
	case err != nil:
		return []string{err.Error()}, nil
	case len(events) == 0:
		return []string{"the event"}, nil
	case len(events) > 1:
		return nil, fmt.Errorf("one change made more than one event: %s", ids(events))
	}
	first := t.event.ID == 0
	t.event = events[0]
	if !first {
		return nil, nil
	}
	s.tellVotes(t, t.event.Votes)
	votes := t.event.Tally.Up
	if t.to == health.Down {
		votes = t.event.Tally.Down
	}
	s.screen.line(rung, "%v committed after %.1f s (event %d: %d of %d votes %v)",
		t.event.To, s.screen.elapsed().Seconds(), t.event.ID, votes, size, t.to)
	switch {
	case t.event.To != t.to || t.event.Baseline != t.baseline:
		return nil, fmt.Errorf("event %d says %v (baseline: %v)", t.event.ID, t.event.To, t.event.Baseline)
	case votes < majority:
		return nil, fmt.Errorf("event %d has %d votes, which is no majority of %d", t.event.ID, votes, size)
	}
	return nil, nil
}

// readOutcomes tells of the notifications that have ended, and returns which
// are missing.
func (s *story) readOutcomes(t *turn) (missing []string, err error) {
	if t.baseline {
		if len(t.event.Outcomes) > 0 {
			return nil, fmt.Errorf("event %d is a baseline, but there are notifications of it", t.event.ID)
		}
		return nil, nil
	}
	for _, n := range t.nodes {
		o, ok := t.event.Outcomes[n.name]
		if !ok {
			missing = append(missing, "the notification on "+n.name)
			continue
		}
		if o.Ending != fsm.Done {
			return nil, fmt.Errorf("the script on %s ended as %s: %s %s", n.name, o.Ending, o.Problem, o.Output)
		}
		backend, err := n.client.backend()
		if err != nil {
			return nil, err
		}
		if backend != t.backend.address {
			return nil, fmt.Errorf("the script on %s said it was done, but the client still uses %s", n.name, backend)
		}
		s.screen.once(noted, "%s ran switch.sh (%s): backend = %s", n.name, o.Role, backend)
	}
	asLeader := func(o fsm.Outcome) bool { return o.Role == fsm.Leader }
	if !slices.ContainsFunc(slices.Collect(maps.Values(t.event.Outcomes)), asLeader) {
		missing = append(missing, "a notification as leader")
	}
	return missing, nil
}

// askClients has each client ask its backend.
func (s *story) askClients(ctx context.Context, t *turn) error {
	want := fmt.Sprintf("the %s, at your service", t.backend.name)
	for _, n := range t.nodes {
		answer, err := n.client.ask(ctx)
		if err != nil {
			return fmt.Errorf("the client on %s: %w", n.name, err)
		}
		if answer != want {
			return fmt.Errorf("the client on %s got %q, not %q", n.name, answer, want)
		}
	}
	who := fmt.Sprintf("all %d clients ask and get", len(t.nodes))
	if len(t.nodes) == 1 {
		who = "the client on " + t.nodes[0].name + " asks and gets"
	}
	s.screen.line(proved, "%s: “%s”", who, want)
	return nil
}

//go:build unix

package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"tocsin/api"
	"tocsin/health"
)

// patience is how long a step may take before it counts as failed. What the
// story tells takes a few seconds each; the rest is for slow machines.
const patience = 45 * time.Second

// key names the endpoint of the story.
const key = "shop"

// story is what the steps hand on to each other.
type story struct {
	screen           *screen
	cluster          *cluster
	primary, standby *service

	leader *agent      // as last seen; the one whose pages are read
	fallen *agent      // the leader that was killed
	events []api.Event // all that were told
}

// tell is the story. It returns the first error, and nil only if all of it has
// really happened.
func (s *story) tell(ctx context.Context) error {
	for _, chapter := range []struct {
		name string
		tell func(context.Context) error
	}{
		{"Five nodes become a cluster", s.gather},
		{"They watch a service", s.watch},
		{"The service dies", s.loseService},
		{"The leader dies too", s.loseLeader},
		{"The service comes back", s.regainService},
		{"The lost node comes back", s.regainNode},
	} {
		s.screen.open(ctx, chapter.name)
		if err := chapter.tell(ctx); err != nil {
			return fmt.Errorf("%q: %w", chapter.name, err)
		}
	}
	return nil
}

// gather starts the nodes, all at once: none needs another to be there first.
func (s *story) gather(ctx context.Context) error {
	if err := s.cluster.startAll(); err != nil {
		return err
	}
	s.screen.line(noted, "all are started at once; node1 founds, the others join")
	if err := s.awaitLeader(ctx); err != nil {
		return err
	}
	s.screen.line(proved, "all five are ready, and %s leads", s.leader.name)
	s.screen.why("Each checks for itself. A change needs the votes of %d of them.", majority)
	return nil
}

// watch has the cluster watch the primary, with the command a person would use.
func (s *story) watch(ctx context.Context) error {
	for _, service := range []*service{s.primary, s.standby} {
		if err := service.start(ctx); err != nil {
			return err
		}
	}
	s.screen.line(noted, "primary on %s, standby on %s", s.primary.address, s.standby.address)
	s.screen.restart()
	set := []string{"set", key, s.primary.health(), "--address", s.cluster.nodes[size-1].http}
	s.screen.command(append([]string{"tocsin"}, set[:3]...)...)
	if out, err := exec.CommandContext(ctx, s.cluster.binary, set...).CombinedOutput(); err != nil {
		return fmt.Errorf("tocsin %s: %w\n%s", strings.Join(set, " "), err, out)
	}
	t := s.turn(health.Up, s.primary)
	t.baseline = true
	if err := s.follow(ctx, t); err != nil {
		return err
	}
	s.screen.why("The first decision is a baseline: nothing has changed, so nobody is notified.")
	return nil
}

// loseService kills the primary: all that Tocsin is for follows from it.
func (s *story) loseService(ctx context.Context) error {
	pid := s.primary.proc.pid()
	s.screen.restart()
	s.primary.kill()
	s.screen.line(struck, "the primary, process %d, is killed", pid)
	if err := s.follow(ctx, s.turn(health.Down, s.standby)); err != nil {
		return err
	}
	s.screen.why("Each machine rewrote the file of its own client. Nobody had to be woken up.")
	return nil
}

// loseLeader kills whoever leads. Nothing may come of it but a new leader.
func (s *story) loseLeader(ctx context.Context) error {
	s.fallen = s.leader
	pid := s.fallen.proc.pid()
	s.screen.restart()
	s.cluster.kill(s.fallen)
	s.screen.line(struck, "%s, the leader, process %d, is killed", s.fallen.name, pid)
	if err := s.awaitLeader(ctx); err != nil {
		return err
	}
	s.screen.line(proved, "%s leads, %.1f s after the kill", s.leader.name, s.screen.elapsed().Seconds())
	status, err := s.leader.status(ctx, key)
	if err != nil {
		return err
	}
	if status.State != health.Down {
		return fmt.Errorf("%s holds that %s is %v, but it was DOWN and still is", s.leader.name, key, status.State)
	}
	if err := s.sameEvents(ctx); err != nil {
		return err
	}
	s.screen.line(proved, "%s is still DOWN, and there is no new event", key)
	s.screen.why("A change of leader notifies nobody. Four of five can still decide; so could three.")
	return nil
}

// regainService starts the primary again. The four that are left decide.
func (s *story) regainService(ctx context.Context) error {
	s.screen.restart()
	if err := s.primary.start(ctx); err != nil {
		return err
	}
	s.screen.line(noted, "the primary is started again, process %d", s.primary.proc.pid())
	s.screen.restart()
	if err := s.follow(ctx, s.turn(health.Up, s.primary)); err != nil {
		return err
	}
	s.screen.why("%s is dead and still counts: %d votes of %d are needed, not of the %d that are left.",
		s.fallen.name, majority, size, size-1)
	return nil
}

// regainNode starts the killed leader again. Its client still uses the standby.
func (s *story) regainNode(ctx context.Context) error {
	s.screen.restart()
	if err := s.cluster.start(s.fallen); err != nil {
		return err
	}
	s.screen.line(noted, "%s is started again, with what is on its disk", s.fallen.name)
	t := s.turn(health.Up, s.primary)
	t.event = s.events[len(s.events)-1]
	t.nodes = []*agent{s.fallen}
	if err := s.follow(ctx, t); err != nil {
		return err
	}
	if err := s.sameEvents(ctx); err != nil {
		return err
	}
	return s.audit()
}

// audit compares what was done on the machines with what was decided: each node
// acted on each change once, in order, the one that was dead included.
func (s *story) audit() error {
	changes := slices.DeleteFunc(slices.Clone(s.events), func(e api.Event) bool { return e.Baseline })
	for _, n := range s.cluster.nodes {
		acted, err := n.client.acted()
		if err != nil {
			return err
		}
		same := slices.EqualFunc(acted, changes, func(line string, e api.Event) bool {
			return strings.HasPrefix(line, fmt.Sprintf("%d %s %v ", e.ID, e.Key, e.To))
		})
		if !same {
			return fmt.Errorf("%s ran its script for %q; the events were %s", n.name, acted, ids(changes))
		}
	}
	s.screen.line(proved, "%d changes, %d notifications: none missing, none twice, all in order",
		len(changes), len(changes)*size)
	return nil
}

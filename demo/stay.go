//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// revival is how long after its end a process is started again, once the story
// is told and everybody may kill what they like.
const revival = 10 * time.Second

// stay leaves everything running for the curious until ctx ends: it says what
// to try, tells of what happens, and starts again what was killed.
func (s *story) stay(ctx context.Context) error {
	s.invite()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	s.screen.restart()
	ended := make(map[*process]time.Time)
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(s.screen.out, "\n  Everything is stopped.")
			return nil
		case <-tick.C:
		}
		s.news(ctx)
		if err := s.revive(ctx, ended); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// invite prints what there is to try.
func (s *story) invite() {
	out, node, third := s.screen.out, s.cluster.nodes[1], s.cluster.nodes[2]
	tocsin := nearby(s.cluster.binary)
	fmt.Fprintf(out, "\n  It stays up until Ctrl-C, and what you kill is started again after %v.\n", revival)
	fmt.Fprintln(out, "  In another terminal, try:")
	for _, line := range []string{
		fmt.Sprintf("%s status --address %s", tocsin, node.http),
		fmt.Sprintf("%s events --address %s", tocsin, node.http),
		fmt.Sprintf("curl http://%s/gossipstatus", node.http),
		fmt.Sprintf("cat %s", node.client.config),
		fmt.Sprintf("less %s", filepath.Join(node.dir, agentLog)),
		fmt.Sprintf("kill -9 %d   # the primary", s.primary.proc.pid()),
		fmt.Sprintf("kill -9 %d   # %s", third.proc.pid(), third.name),
	} {
		fmt.Fprintf(out, "    %s\n", s.screen.paint("36", line))
	}
	fmt.Fprintln(out)
}

// nearby returns path from here, if it is below.
func nearby(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return path
}

// news tells of the events since the last one told, as any node holds them.
func (s *story) news(ctx context.Context) {
	last := s.events[len(s.events)-1].ID
	for _, n := range s.cluster.alive() {
		events, err := n.events(ctx, last)
		if err != nil {
			continue // a node that was killed; another one answers
		}
		for _, e := range events {
			s.screen.line(rung, "%s is %v (event %d: votes %d UP, %d DOWN, %d unknown)",
				e.Key, e.To, e.ID, e.Tally.Up, e.Tally.Down, e.Tally.Unknown)
			s.events = append(s.events, e)
		}
		return
	}
}

// revive tells which processes have ended, by their time in ended, and starts
// them again when they were gone long enough.
func (s *story) revive(ctx context.Context, ended map[*process]time.Time) error {
	due := func(p *process) bool {
		if !p.ended() {
			return false
		}
		since, known := ended[p]
		if !known {
			ended[p] = time.Now()
			s.screen.line(struck, "%s is gone (%v)", p.name, p.err)
			return false
		}
		if time.Since(since) < revival {
			return false
		}
		delete(ended, p)
		s.screen.line(noted, "%s is started again", p.name)
		return true
	}
	for _, service := range []*service{s.primary, s.standby} {
		if due(service.proc) {
			if err := service.start(ctx); err != nil {
				return err
			}
		}
	}
	for _, n := range s.cluster.nodes {
		if due(n.proc) {
			if err := s.cluster.start(n); err != nil {
				return err
			}
		}
	}
	return nil
}

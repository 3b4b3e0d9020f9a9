//go:build linux

package hosttest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// processKinds end processes, and let them stand still.
func processKinds() []kind {
	free := func(s *Storm, _ context.Context) []*node { return some(s.free()) }
	leader := func(s *Storm, ctx context.Context) []*node { return some(s.leading(ctx)) }
	two := func(s *Storm, _ context.Context) []*node {
		nodes := s.up()
		s.dice.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		return nodes[:min(2, len(nodes))]
	}
	all := func(s *Storm, _ context.Context) []*node { return s.up() }
	return []kind{
		{"the leader is killed", down(leader, true)},
		{"a node is killed", down(free, true)},
		{"two nodes are killed", down(two, true)},
		{"all nodes are killed", down(all, true)},
		{"a node is stopped in good order", down(free, false)},
		{"all nodes are stopped in good order", down(all, false)},
		{"a node is killed again and again", killedOften},
		{"the leader stands still for a second", frozen(leader, time.Second)},
		{"a node stands still for a second", frozen(free, time.Second)},
		{"the leader stands still", frozen(leader, 5*time.Second)},
		{"two nodes stand still", frozen(two, 5*time.Second)},
		{"all nodes stand still", frozen(all, 5*time.Second)},
	}
}

// patientKinds are those that take too long for a short storm.
func patientKinds() []kind {
	return []kind{
		{"a node stands still for a minute", frozen(func(s *Storm, _ context.Context) []*node { return some(s.free()) }, time.Minute)},
		{"the leader stands still for a minute", frozen(func(s *Storm, ctx context.Context) []*node { return some(s.leading(ctx)) }, time.Minute)},
		{"a disk hangs", syncs(fmt.Sprintf("delay_enter=%d", (time.Minute).Microseconds()), 45*time.Second, 45*time.Second, true)},
	}
}

func some(n *node) []*node {
	if n == nil {
		return nil
	}
	return []*node{n}
}

// leading returns the leader, if no fault has hit it.
func (s *Storm) leading(ctx context.Context) *node {
	if n := s.leader(ctx); n != nil && n.runs() && !s.busy[n.name] {
		return n
	}
	return nil
}

func names(nodes []*node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.name)
	}
	return all
}

// unhit drops the nodes that a fault has hit already.
func (s *Storm) unhit(nodes []*node) []*node {
	return slices.DeleteFunc(nodes, func(n *node) bool { return s.busy[n.name] })
}

// down ends nodes, and starts them again.
func down(whom func(*Storm, context.Context) []*node, killed bool) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, ctx context.Context) (*wound, error) {
		nodes := s.unhit(whom(s, ctx))
		if len(nodes) == 0 {
			return nil, nil
		}
		if killed {
			for _, n := range nodes {
				s.kill(n)
			}
		} else {
			s.stop(nodes...)
		}
		return &wound{
			whom: strings.Join(names(nodes), " "), lasts: s.between(500*time.Millisecond, 6*time.Second),
			victims: names(nodes), contained: true, end: func() error { return s.startAll(nodes) },
		}, nil
	}
}

// startAll starts the nodes that have no process.
func (s *Storm) startAll(nodes []*node) error {
	for _, n := range nodes {
		if n.runs() {
			continue
		}
		if err := s.start(n); err != nil {
			return err
		}
	}
	return nil
}

// killedOften kills a node at moments that nothing has prepared it for: while it
// opens its files, joins, catches up.
func killedOften(s *Storm, _ context.Context) (*wound, error) {
	n := s.free()
	if n == nil {
		return nil, nil
	}
	for range 4 {
		s.kill(n)
		if err := s.start(n); err != nil {
			return nil, err
		}
		<-time.After(s.between(100*time.Millisecond, 1500*time.Millisecond))
	}
	s.kill(n)
	return &wound{whom: n.name, lasts: time.Second, victims: []string{n.name}, contained: true, end: func() error { return s.start(n) }}, nil
}

// frozen lets nodes stand still.
func frozen(whom func(*Storm, context.Context) []*node, lasts time.Duration) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, ctx context.Context) (*wound, error) {
		nodes := s.unhit(whom(s, ctx))
		if len(nodes) == 0 {
			return nil, nil
		}
		for _, n := range nodes {
			s.freeze(n)
		}
		return &wound{
			whom: strings.Join(names(nodes), " "), lasts: lasts, victims: names(nodes), contained: true,
			end: func() error {
				for _, n := range nodes {
					s.thaw(n)
				}
				return nil
			},
		}, nil
	}
}

//go:build linux

package hosttest

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/hosttest/lan"
)

// worldKinds hide what is watched, and spoil the scripts.
func worldKinds() []kind {
	return []kind{
		{"a node sees nothing of the endpoints", blind(func(a, _, n *node) bool { return n == a })},
		{"two nodes see nothing of the endpoints", blind(func(a, b, n *node) bool { return n == a || n == b })},
		{"a site sees nothing of the endpoints", blind(func(a, _, n *node) bool { return n.site == a.site })},
		{"the scripts are slow", spoilt(behaviour{takes: 3})},
		{"the scripts fail at first", spoilt(behaviour{takes: 0.05, fails: 2})},
		{"the scripts refuse", spoilt(behaviour{refuses: true})},
		{"a node is killed in the middle of its scripts", killedInScript},
	}
}

// blind lets some nodes reach their peers and no endpoint.
func blind(with func(a, b, n *node) bool) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, _ context.Context) (*wound, error) {
		places := s.dice.Perm(len(s.nodes))
		var hit []string
		for _, n := range s.nodes {
			if with(s.nodes[places[0]], s.nodes[places[1]], n) {
				hit = append(hit, n.name)
			}
		}
		show := s.world.hide(hit)
		heal := s.disturb(func(p lan.Packet) lan.Link {
			return lan.Link{Cut: p.From == worldName && slices.Contains(hit, p.To) || p.To == worldName && slices.Contains(hit, p.From)}
		})
		return &wound{
			whom: strings.Join(hit, " "), lasts: s.between(3*time.Second, 9*time.Second), victims: hit, contained: true,
			end: func() error { heal(); return show() },
		}, nil
	}
}

// spoilt makes the notification scripts of all nodes misbehave.
func spoilt(b behaviour) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, _ context.Context) (*wound, error) {
		if err := s.behaveAll(b); err != nil {
			return nil, err
		}
		return &wound{lasts: s.between(4*time.Second, 8*time.Second), contained: true, end: func() error { return s.behaveAll(behaviour{}) }}, nil
	}
}

func (s *Storm) behaveAll(b behaviour) error {
	for _, n := range s.nodes {
		if err := n.behave(b); err != nil {
			return err
		}
	}
	return nil
}

// killedInScript makes scripts slow, has everything change, and kills a node.
func killedInScript(s *Storm, _ context.Context) (*wound, error) {
	n := s.free()
	if n == nil {
		return nil, nil
	}
	if err := s.behaveAll(behaviour{takes: 2}); err != nil {
		return nil, err
	}
	for range 4 {
		if err := s.world.flip(s.dice); err != nil {
			return nil, err
		}
	}
	return &wound{whom: n.name, lasts: s.between(3*time.Second, 4*time.Second), victims: []string{n.name}, contained: true, end: func() error {
		s.end(n, syscall.SIGKILL)
		if err := s.behaveAll(behaviour{}); err != nil {
			return err
		}
		return s.start(n)
	}}, nil
}

//go:build linux

package hosttest

import (
	"context"
	"strings"
	"time"

	"tocsin/hosttest/lan"
)

// networkKinds break links between nodes.
func networkKinds() []kind {
	const short, long = 3 * time.Second, 9 * time.Second
	all := func(what lan.Link) func(*Storm, context.Context) (*wound, error) {
		return broken(short, long, false, func(*Storm, *node, *node) (string, []string, lan.Rule) { return "", nil, poor(what) })
	}
	return []kind{
		{"a minority is cut off", broken(short, long, true, func(s *Storm, a, b *node) (string, []string, lan.Rule) {
			group := []string{a.name, b.name}
			return strings.Join(group, " "), group, apart(group)
		})},
		{"a node is cut off", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, apart([]string{a.name})
		})},
		{"the leader is cut off", leaderCutOff},
		{"a link is cut one way", broken(short, long, false, func(_ *Storm, a, b *node) (string, []string, lan.Rule) {
			return a.name + " to " + b.name, nil, cut(func(from, to string) bool { return from == a.name && to == b.name })
		})},
		{"a node hears nobody", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, cut(func(_, to string) bool { return to == a.name })
		})},
		{"nobody hears a node", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, cut(func(from, _ string) bool { return from == a.name })
		})},
		{"every site is alone", broken(short, long, false, func(s *Storm, _, _ *node) (string, []string, lan.Rule) {
			return "", nil, cut(func(from, to string) bool { return s.siteOf(from) != s.siteOf(to) })
		})},
		{"a site is cut off from another", broken(short, long, false, func(s *Storm, a, b *node) (string, []string, lan.Rule) {
			for _, n := range s.nodes {
				if b.site == a.site && n.site != a.site {
					b = n
				}
			}
			return a.site + " from " + b.site, nil, cut(func(from, to string) bool {
				return s.siteOf(from) == a.site && s.siteOf(to) == b.site || s.siteOf(from) == b.site && s.siteOf(to) == a.site
			})
		})},
		{"each reaches only its neighbours", broken(short, long, false, func(s *Storm, _, _ *node) (string, []string, lan.Rule) {
			place := map[string]int{}
			for i, n := range s.nodes {
				place[n.name] = i
			}
			return "", nil, cut(func(from, to string) bool {
				apart := (place[from] - place[to] + len(place)) % len(place)
				return apart != 1 && apart != len(place)-1
			})
		})},
		{"a node gossips no more", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, muted(a.name, gossipPort)
		})},
		{"a node has no raft", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, muted(a.name, raftPort)
		})},
		{"a node can't be called over HTTP", broken(short, long, true, func(_ *Storm, a, _ *node) (string, []string, lan.Rule) {
			return a.name, []string{a.name}, muted(a.name, httpPort)
		})},
		{"no packet of UDP comes through", broken(short, long, false, func(*Storm, *node, *node) (string, []string, lan.Rule) {
			return "", nil, func(p lan.Packet) lan.Link { return lan.Link{Cut: p.UDP} }
		})},
		{"5 % of all packets are lost", all(lan.Link{Loss: 0.05})},
		{"30 % of all packets are lost", all(lan.Link{Loss: 0.3})},
		{"packets come twice and out of order", all(lan.Link{Duplicate: 0.3, Jitter: 20 * time.Millisecond})},
		{"everything takes long", all(lan.Link{Delay: 150 * time.Millisecond, Jitter: 300 * time.Millisecond})},
		{"everything takes very long", all(lan.Link{Delay: time.Second, Jitter: time.Second})},
	}
}

// broken obeys a rule about two nodes for a time.
func broken(least, most time.Duration, contained bool, rule func(s *Storm, a, b *node) (whom string, victims []string, r lan.Rule)) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, _ context.Context) (*wound, error) {
		places := s.dice.Perm(len(s.nodes))
		whom, victims, r := rule(s, s.nodes[places[0]], s.nodes[places[1]])
		end := s.disturb(r)
		return &wound{whom: whom, lasts: s.between(least, most), victims: victims, contained: contained, end: func() error { end(); return nil }}, nil
	}
}

func leaderCutOff(s *Storm, ctx context.Context) (*wound, error) {
	n := s.leading(ctx)
	if n == nil {
		return nil, nil
	}
	end := s.disturb(apart([]string{n.name}))
	return &wound{whom: n.name, lasts: s.between(3*time.Second, 9*time.Second), victims: []string{n.name}, contained: true, end: func() error { end(); return nil }}, nil
}

func (s *Storm) siteOf(name string) string {
	for _, n := range s.nodes {
		if n.name == name {
			return n.site
		}
	}
	return ""
}

package keyring

import (
	"fmt"
	"maps"
	"slices"

	"tocsin/prose"
)

// Standing is what the nodes of a cluster say of their rings.
type Standing struct {
	// Rings are the fingerprints of the keys of each node that has answered, the
	// primary first; none where the gossip is not encrypted.
	Rings map[string][]Fingerprint
	// Silent are the nodes that have not, and why.
	Silent map[string]string
	// Files are the files that say something else than what their nodes go by.
	Files map[string]Stray
}

// Hear notes what a node says.
func (s *Standing) Hear(node string, h Held) {
	s.Rings[node] = append([]Fingerprint{}, h.Keys...)
	if h.File != nil {
		s.Files[node] = *h.File
	}
}

// NewStanding returns that of a cluster nobody of which has been heard yet.
func NewStanding() Standing {
	return Standing{Rings: map[string][]Fingerprint{}, Silent: map[string]string{}, Files: map[string]Stray{}}
}

// Spread is how far one key has spread.
type Spread struct {
	Fingerprint Fingerprint
	// Installed are the nodes that have it, Primary those that send by it, both in
	// order.
	Installed, Primary []string
}

// Keys returns all keys there are, those that more nodes send by before others.
func (s Standing) Keys() []Spread {
	by := map[Fingerprint]*Spread{}
	for _, node := range slices.Sorted(maps.Keys(s.Rings)) {
		for i, f := range s.Rings[node] {
			if by[f] == nil {
				by[f] = &Spread{Fingerprint: f}
			}
			by[f].Installed = append(by[f].Installed, node)
			if i == 0 {
				by[f].Primary = append(by[f].Primary, node)
			}
		}
	}
	all := []Spread{}
	for _, f := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[f])
	}
	slices.SortStableFunc(all, func(a, b Spread) int { return len(b.Primary) - len(a.Primary) })
	return all
}

// Lacks returns the nodes that have answered and don't have that key, in order.
func (s Standing) Lacks(f Fingerprint) (nodes []string) {
	for _, node := range slices.Sorted(maps.Keys(s.Rings)) {
		if !slices.Contains(s.Rings[node], f) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// Part reports whether one of both does not have the key that the other one sends
// by. Of a node that has not answered nothing is known.
func (s Standing) Part(one, other string) bool {
	a, known := s.Rings[one]
	b, knownToo := s.Rings[other]
	if !known || !knownToo {
		return false
	}
	opens := func(ring, sender []Fingerprint) bool { // in the clear nothing is opened, and all is understood
		return len(sender) == len(ring) && len(ring) == 0 || len(sender) > 0 && slices.Contains(ring, sender[0])
	}
	return !opens(a, b) || !opens(b, a)
}

// Strays returns the key that most nodes send by, and the nodes that would have to
// take it over, in order: they don't have it, or send by one that is not everywhere.
// There is no such key, "", if no other is behind it.
func (s Standing) Strays() (by Fingerprint, nodes []string) {
	keys := s.Keys()
	if len(keys) == 0 || len(keys) > 1 && len(keys[1].Primary) == len(keys[0].Primary) {
		return "", nil
	}
	by = keys[0].Fingerprint
	for _, node := range slices.Sorted(maps.Keys(s.Rings)) {
		ring := s.Rings[node]
		if !slices.Contains(ring, by) || len(s.Lacks(ring[0])) > 0 && ring[0] != by {
			nodes = append(nodes, node)
		}
	}
	return by, nodes
}

// SendBy returns the nodes whose primary key that is, in order.
func (s Standing) SendBy(f Fingerprint) (nodes []string) {
	for _, node := range slices.Sorted(maps.Keys(s.Rings)) {
		if ring := s.Rings[node]; len(ring) > 0 && ring[0] == f {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// Refuses says why a step must not be taken now, nil if it may. A key can always
// be installed. It is used when all have it, and removed when none sends by it
// (one that none has is gone already, so it can be repeated): else there would be two nodes of which one does not understand the other. What a
// silent node has can't be known, and one whose file says something else changes
// nothing; with without they are not asked for.
func (s Standing) Refuses(step Step, f Fingerprint, without bool) error {
	if step != Use && step != Remove {
		return nil
	}
	lacks, sendBy := s.Lacks(f), s.SendBy(f)
	silent := slices.Sorted(maps.Keys(s.Silent))
	switch {
	case len(s.Rings) == 0 || step == Use && len(lacks) == len(s.Rings):
		return fmt.Errorf("no node that answers has the key %s: \"tocsin keyring list\" shows those there are", f)
	case step == Use && len(lacks) > 0:
		return fmt.Errorf("%s: the key %s is not installed there, and nothing that is sent by it would be understood: install it first", prose.And(lacks), f)
	case step == Remove && len(sendBy) > 0:
		return fmt.Errorf("%s: all is sent by the key %s there, and would not be understood elsewhere: use another one first", prose.And(sendBy), f)
	case len(s.Files) > 0 && !without:
		text, remedy := s.Mend(s.StrayFiles()[0])
		return fmt.Errorf("%s: %s: %s; or go on without by --force", s.StrayFiles()[0], text, remedy)
	case len(silent) > 0 && !without:
		return fmt.Errorf("%s: what keys are there can't be told (%s): see to it first, or go on without by --force, and give such a node the file of another one before it comes back", prose.And(silent), s.Silent[silent[0]])
	}
	return nil
}

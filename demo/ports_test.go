//go:build unix

package main

import "testing"

// Services and nodes must never get an address twice.
func TestNewStory_GivesEachItsOwnAddresses(t *testing.T) {
	s, err := newStory(t.TempDir(), "tocsin")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]int{s.primary.address: 1}
	given[s.standby.address]++
	for _, n := range s.cluster.nodes {
		for i, arg := range n.args {
			if arg == "--http" || arg == "--raft" || arg == "--gossip" {
				given[n.args[i+1]]++
			}
		}
	}
	if len(given) != 2+3*size {
		t.Errorf("%d addresses for two services and %d nodes with three each: %v", len(given), size, given)
	}
}

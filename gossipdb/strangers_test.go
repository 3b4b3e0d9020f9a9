package gossipdb

import (
	"slices"
	"testing"
)

// A stranger that opens a stream shows only its host; where it listens comes
// with a packet.
func TestStrangers_KnowTheAddressWhenItComes(t *testing.T) {
	s := newStrangers()
	s.note("10.0.0.9", "b")
	if s.at("10.0.0.9:8000") {
		t.Error("a stranger is known to be at 10.0.0.9:8000, and nobody said so")
	}
	s.note("10.0.0.9:8000", "b")
	s.note("10.0.0.9", "b")
	if !s.at("10.0.0.9:8000") {
		t.Error("a stranger is at 10.0.0.9:8000, and nobody knows")
	}
	if all := s.list(); len(all) != 1 || !slices.Equal(s.untold, []Stranger{{"10.0.0.9", "b", s.untold[0].Seen}}) {
		t.Errorf("there are the strangers %+v, to be told of %+v, want one", all, s.untold)
	}
}

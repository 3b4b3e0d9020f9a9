package gossipdb

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

// Whoever makes up clusters fills neither the log nor the list, and has no text of
// its own there.
func TestStrangers_SayNothingOfTheirOwn(t *testing.T) {
	for _, text := range []string{"call 555 0199", "a\tb", "x=y", "http://x", "\u202e", strings.Repeat("a", MaxCluster+1)} {
		if id, _, err := cutHello(hello(text, 0)); err == nil {
			t.Errorf("%q passes for a cluster", id)
		}
		if id, _ := splitMeta(append([]byte{byte(len(text))}, text...)); id != "" {
			t.Errorf("a member of %q", id)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newStrangers()
		for i := range 50 {
			s.note("10.0.0.9:8000", strings.Repeat("A", i%MaxCluster+1))
			s.tell(slog.New(slog.NewTextHandler(&log, nil)), "ours")
			time.Sleep(time.Second)
		}
		time.Sleep(tellOfStrangers)
		s.note("10.0.0.8:8000", "B")
		s.tell(slog.New(slog.NewTextHandler(&log, nil)), "ours")
		if lines := strings.Count(log.String(), "\n"); lines != 2 || !strings.Contains(log.String(), "so_far=51") {
			t.Errorf("%d lines, want 2, of 1 and 51 refusals:\n%s", lines, log.String())
		}
	})
}

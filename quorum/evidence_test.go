package quorum_test

import (
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/quorum"
)

func TestEvidence(t *testing.T) {
	voted := fsm.Event{Votes: []fsm.Vote{
		{Node: "a", Verdict: health.Down, Age: fsm.Duration(1500 * time.Millisecond)},
		{Node: "b", Excluded: quorum.ExcludedNoBallot},
	}}
	if got, want := quorum.Evidence(&voted), "a: DOWN 1.5s ago, b: no ballot"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	byHand := fsm.Event{Manual: &fsm.Manual{By: "anna", Reason: "drill"}}
	if got, want := quorum.Evidence(&byHand), "by hand: anna: drill"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

package fsm_test

import (
	"fmt"
	"testing"

	"tocsin/fsm"
)

// told returns what came after the index, one word each, and whether that is
// all.
func told(v *fsm.View, index uint64) (text string, known bool) {
	reports, knownReports := v.ReportsAfter(index)
	for at, o := range reports {
		text += fmt.Sprintf("%d:%s/%d ", at, o.Node, o.Attempt)
	}
	deletions, knownDeletions := v.DeletionsAfter(index)
	for at, key := range deletions {
		text += fmt.Sprintf("%d:%s ", at, key)
	}
	return text, knownReports && knownDeletions
}

func TestView_TellsReportsAndDeletionsOneByOne(t *testing.T) {
	m := withEvent(t)
	start := m.View().Index()
	report := func(index uint64, attempt int) {
		commit(t, m, index, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.Done, Attempt: attempt}})
	}
	report(6, 1)
	report(7, 1) // the same again is no report
	report(8, 2)
	commit(t, m, 9, fsm.DeleteEndpoint{Key: "db"})
	for since, want := range map[uint64]string{
		start: "6:n1/2 8:n1/2 9:db ", // as the outcome is now
		6:     "8:n1/2 9:db ",
		8:     "9:db ",
		9:     "",
	} {
		if got, known := told(m.View(), since); got != want || !known {
			t.Errorf("after %d came %q, known %v, want %q", since, got, known, want)
		}
	}
	if _, known := told(m.View(), 10); known {
		t.Error("of the future everything is said to be known")
	}

	// A snapshot holds neither, and says so.
	again := restored(t, m)
	if got, known := told(again.View(), 8); got != "" || known {
		t.Errorf("after a restore came %q, known %v", got, known)
	}
	if _, known := told(again.View(), 9); !known {
		t.Error("after a restore nothing is known of what comes next")
	}
}

func TestView_ForgetsTheOldestReports(t *testing.T) {
	m := withEvent(t)
	const kept = 10_000
	for i := range uint64(kept + 1) {
		commit(t, m, 6+i, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.Done, Attempt: int(i) + 1}})
	}
	reports, known := m.View().ReportsAfter(5)
	n := 0
	for range reports {
		n++
	}
	if n != kept || known {
		t.Errorf("after the first %d are told, known %v", n, known)
	}
	if _, known := m.View().ReportsAfter(6); !known {
		t.Error("what came after the forgotten one is said not to be known")
	}
}

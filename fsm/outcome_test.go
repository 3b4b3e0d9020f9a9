package fsm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/fsm"
)

// withEvent returns a Machine at index 5 with endpoint "db", its baseline 3 and
// its event 4, and the observer n1.
func withEvent(tb testing.TB) *fsm.Machine {
	tb.Helper()
	m := fsm.NewMachine()
	commit(tb, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	commit(tb, m, 2, fsm.SetEndpoint{Key: "db", Value: "v"})
	for index := uint64(3); index <= 4; index++ {
		e, _ := m.View().Endpoint("db")
		if r := commit(tb, m, index, turn(m.View(), e))[0]; r.Refused != nil {
			tb.Fatal(r.Refused)
		}
	}
	commit(tb, m, 5, fsm.RegisterObserver{Node: "n1", Incarnation: "x"})
	return m
}

func awaited(m *fsm.Machine) bool {
	for e := range m.View().AwaitingLeader() {
		return e.ID == 4
	}
	return false
}

func TestRecordOutcome_KeepsTheWeightiest(t *testing.T) {
	outcome := func(role fsm.Role, ending fsm.Ending, attempt int) fsm.Outcome {
		return fsm.Outcome{Event: 4, Node: "n1", Role: role, Ending: ending, Attempt: attempt}
	}
	for name, c := range map[string]struct {
		old, late fsm.Outcome
		replaces  bool
		awaited   bool
	}{
		"a take-over as leader replaces what the node did as follower": {
			old: outcome(fsm.Follower, fsm.Done, 1), late: outcome(fsm.Leader, fsm.Done, 2), replaces: true,
		},
		"a take-over that counts its attempts anew does too": {
			old: outcome(fsm.Follower, fsm.GaveUp, 10), late: outcome(fsm.Leader, fsm.Done, 1), replaces: true,
		},
		"what it did as follower, repeated late, does not": {
			old: outcome(fsm.Leader, fsm.GaveUp, 2), late: outcome(fsm.Follower, fsm.Done, 1),
		},
		"not even with more attempts": {
			old: outcome(fsm.Leader, fsm.Done, 1), late: outcome(fsm.Follower, fsm.Done, 2),
		},
		"a later attempt replaces an earlier one": {
			old: outcome(fsm.Follower, fsm.GaveUp, 1), late: outcome(fsm.Follower, fsm.Done, 2), replaces: true, awaited: true,
		},
		"an earlier one repeated late does not": {
			old: outcome(fsm.Follower, fsm.Done, 2), late: outcome(fsm.Follower, fsm.GaveUp, 1), awaited: true,
		},
		"the same report again changes nothing": {
			old: outcome(fsm.Follower, fsm.Done, 2), late: outcome(fsm.Follower, fsm.Done, 2), awaited: true,
		},
		"being superseded as leader settles nothing": {
			old: outcome(fsm.Follower, fsm.Done, 1), late: outcome(fsm.Leader, fsm.Superseded, 1), awaited: true,
		},
		"nor does a gap": {
			old: outcome(fsm.Follower, fsm.Done, 1), late: outcome(fsm.Leader, fsm.Gap, 1), awaited: true,
		},
		"nor does it hide what was settled": {
			old: outcome(fsm.Leader, fsm.Done, 1), late: outcome(fsm.Leader, fsm.Superseded, 2),
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := withEvent(t)
			commit(t, m, 6, fsm.RecordOutcome{Outcome: c.old})
			r := commit(t, m, 7, fsm.RecordOutcome{Outcome: c.late})[0]
			if r.Refused != nil || r.Changed != c.replaces {
				t.Errorf("result %+v, want changed %v", r, c.replaces)
			}
			want := c.old
			if c.replaces {
				want = c.late
			}
			if got, _ := m.View().Outcome(4, "n1"); *got != want {
				t.Errorf("kept %+v, want %+v", *got, want)
			}
			if got := awaited(m); got != c.awaited {
				t.Errorf("awaited: %v, want %v", got, c.awaited)
			}
		})
	}
}

func TestRecordOutcome_OfAForgottenEventIsRefused(t *testing.T) {
	m := withEvent(t)
	r := commit(t, m, 6, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 99, Node: "n1"}})[0]
	if r.Refused == nil || r.Refused.Code != fsm.NotFound {
		t.Errorf("result %+v", r)
	}
}

func TestAwaitingLeader_NeverABaselineNorTheDeleted(t *testing.T) {
	m := withEvent(t)
	if !awaited(m) {
		t.Fatal("event 4 is not awaited")
	}
	commit(t, m, 6, fsm.DeleteEndpoint{Key: "db"})
	if awaited(m) {
		t.Error("event 4 is awaited after its endpoint was deleted")
	}
	commit(t, m, 7, fsm.SetEndpoint{Key: "db", Value: "v"})
	e, _ := m.View().Endpoint("db")
	commit(t, m, 8, turn(m.View(), e))
	for e := range m.View().AwaitingLeader() {
		t.Errorf("event %d is awaited: it is a baseline (%v)", e.ID, e.Baseline)
	}
}

func TestOutcome_TrimmedKeepsWhatMatters(t *testing.T) {
	o := fsm.Outcome{
		Output:  strings.Repeat("é", fsm.MaxOutput) + "\xff the end",
		Problem: "x the beginning " + strings.Repeat("é", fsm.MaxProblem),
	}.Trimmed()
	if len(o.Output) > fsm.MaxOutput || len(o.Output) < fsm.MaxOutput-3 || !utf8.ValidString(o.Output) || !strings.HasSuffix(o.Output, "\uFFFD the end") {
		t.Errorf("output of %d bytes: %q", len(o.Output), o.Output)
	}
	if len(o.Problem) > fsm.MaxProblem || len(o.Problem) < fsm.MaxProblem-3 || !utf8.ValidString(o.Problem) || !strings.HasPrefix(o.Problem, "x the beginning") {
		t.Errorf("problem of %d bytes: %q", len(o.Problem), o.Problem)
	}
	commands, err := fsm.Decode(encode(t, fsm.RecordOutcome{Outcome: fsm.Outcome{Output: strings.Repeat("x", 1<<20)}}))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(commands[0].(fsm.RecordOutcome).Outcome.Output); n != fsm.MaxOutput {
		t.Errorf("Encode let %d bytes of output through", n)
	}
}

package fsm_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
)

// gaveUp adds to withEvent an outcome of n1 that was given up, as follower or
// leader, at index 6.
func gaveUp(t *testing.T, role fsm.Role) *fsm.Machine {
	t.Helper()
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	commit(t, m, 2, fsm.SetEndpoint{Key: "db", Value: "v"}, fsm.RegisterObserver{Node: "n1", Incarnation: "x"})
	for index := uint64(3); index <= 4; index++ {
		e, _ := m.View().Endpoint("db")
		commit(t, m, index, turn(m.View(), e))
	}
	commit(t, m, 6, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: role, Ending: fsm.GaveUp, Attempt: 3}})
	return m
}

func outcomeOf(t *testing.T, m *fsm.Machine) fsm.Outcome {
	t.Helper()
	o, ok := m.View().Outcome(4, "n1")
	if !ok {
		t.Fatal("there is no outcome")
	}
	return *o
}

func TestRetryNotification_IsOpenUntilItIsAnswered(t *testing.T) {
	m := gaveUp(t, fsm.Leader)
	if awaited(m) || m.View().UnattendedCount() != 1 {
		t.Fatalf("awaited %v, %d unattended", awaited(m), m.View().UnattendedCount())
	}
	r := commit(t, m, 7, fsm.RetryNotification{Event: 4})[0]
	if !r.Changed || strings.Join(r.Nodes, " ") != "n1" {
		t.Fatalf("got %+v", r)
	}
	if o := outcomeOf(t, m); !o.AwaitsRetry() || !awaited(m) || m.View().UnattendedCount() != 0 {
		t.Errorf("%+v, awaited %v, %d unattended", o, awaited(m), m.View().UnattendedCount())
	}
	if again := commit(t, m, 8, fsm.RetryNotification{Event: 4, Node: "n1"})[0]; again.Changed || again.Refused != nil {
		t.Errorf("asked twice: %+v", again)
	}
	// What was reported before comes late, and answers nothing.
	commit(t, m, 9, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Leader, Ending: fsm.GaveUp, Attempt: 3}})
	if o := outcomeOf(t, m); !o.AwaitsRetry() {
		t.Errorf("a late report has answered: %+v", o)
	}
	// As follower, though it was given up as leader: the leader's run is open.
	commit(t, m, 10, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.Done, Attempt: 4, Retry: 7}})
	if o := outcomeOf(t, m); o.AwaitsRetry() || o.Ending != fsm.Done || !awaited(m) {
		t.Errorf("%+v, awaited %v", o, awaited(m))
	}
}

func TestRetryNotification_IsRefusedWhereItWouldBreakTheOrder(t *testing.T) {
	for name, c := range map[string]struct {
		before fsm.Command
		retry  fsm.RetryNotification
		code   fsm.Code
		words  string
	}{
		"no such event":          {nil, fsm.RetryNotification{Event: 9}, fsm.NotFound, "no event 9"},
		"a baseline":             {nil, fsm.RetryNotification{Event: 3}, fsm.Conflict, "nobody is told"},
		"another node":           {nil, fsm.RetryNotification{Event: 4, Node: "n2"}, fsm.Conflict, "n2"},
		"the endpoint is gone":   {fsm.DeleteEndpoint{Key: "db"}, fsm.RetryNotification{Event: 4}, fsm.Conflict, "was deleted"},
		"the node is no member":  {fsm.RemoveObserver{Node: "n1"}, fsm.RetryNotification{Event: 4, Node: "n1"}, fsm.Conflict, "no member"},
		"it was done after all":  {fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.Done, Attempt: 4}}, fsm.RetryNotification{Event: 4}, fsm.Conflict, "done on n1"},
		"there is a newer event": {nil, fsm.RetryNotification{Event: 4}, fsm.Conflict, "event 7"},
	} {
		t.Run(name, func(t *testing.T) {
			m := gaveUp(t, fsm.Follower)
			switch {
			case c.before != nil:
				commit(t, m, 7, c.before)
			case c.words == "event 7":
				e, _ := m.View().Endpoint("db")
				commit(t, m, 7, turn(m.View(), e))
				if m.View().UnattendedCount() != 0 {
					t.Error("what a newer event has overtaken calls for attention")
				}
			}
			if r := commit(t, m, 8, c.retry)[0]; r.Refused == nil || r.Refused.Code != c.code || !strings.Contains(r.Refused.Message, c.words) {
				t.Errorf("got %+v, want %s and %q", r.Refused, c.code, c.words)
			}
		})
	}
}

func TestAckNotification_EndsWithTheNextFailure(t *testing.T) {
	m := gaveUp(t, fsm.Follower)
	ack := fsm.AckNotification{Event: 4, Ack: fsm.Ack{By: "ana", Why: "by hand", Time: time.Unix(1_800_000_000, 0)}}
	if refused := fsm.Validate(m.View(), fsm.AckNotification{Event: 4}); refused == nil || !strings.Contains(refused.Message, "by is empty") {
		t.Errorf("got %v", refused)
	}
	if r := commit(t, m, 7, ack)[0]; !r.Changed {
		t.Fatalf("got %+v", r)
	}
	if o := outcomeOf(t, m); o.Ack == nil || o.Ack.By != "ana" || m.View().UnattendedCount() != 0 {
		t.Errorf("%+v, %d unattended", o, m.View().UnattendedCount())
	}
	commit(t, m, 8, fsm.RetryNotification{Event: 4})
	commit(t, m, 9, fsm.RecordOutcome{Outcome: fsm.Outcome{Event: 4, Node: "n1", Role: fsm.Follower, Ending: fsm.GaveUp, Attempt: 6, Retry: 8, Ack: &ack.Ack}})
	if o := outcomeOf(t, m); o.Ack != nil || o.AwaitsRetry() || m.View().UnattendedCount() != 1 {
		t.Errorf("%+v, %d unattended", o, m.View().UnattendedCount())
	}
}

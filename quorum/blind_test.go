package quorum_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/fsm"
	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/quorum"
)

func TestQuestion_Blind(t *testing.T) {
	says := func(node string, verdict health.Status, reason string) fsm.Vote {
		return fsm.Vote{Node: node, Site: "at-" + node, Verdict: verdict, Reason: reason}
	}
	stale := fsm.Vote{Node: "c", Site: "at-c", Verdict: health.Up, Excluded: "stale"}
	for what, c := range map[string]struct {
		votes []fsm.Vote
		sites int
		want  string
	}{
		"all agree":              {[]fsm.Vote{says("a", health.Up, ""), says("b", health.Up, ""), says("c", health.Up, "")}, 1, ""},
		"they differ, and judge": {[]fsm.Vote{says("a", health.Up, ""), says("b", health.Down, "refused"), stale}, 1, ""},
		"nobody knows": {
			[]fsm.Vote{says("a", health.Unknown, "v.sh: no; word"), says("b", health.Unknown, "v.sh: no; word"), says("c", health.Unknown, "late")},
			1,
			"of 3 nodes none has a verdict, and a decision takes 2: v.sh: no, word",
		},
		"too few, and one is silent":      {[]fsm.Vote{says("a", health.Down, ""), says("b", health.Unknown, ""), stale}, 1, "of 3 nodes 1 has a verdict, and a decision takes 2: the vote does not count (stale)"},
		"enough, and not of enough sites": {[]fsm.Vote{says("a", health.Up, ""), says("b", health.Up, ""), stale}, 3, "of 3 nodes 2 from 2 sites have a verdict, and a decision takes 2 from 3 sites: the vote does not count (stale)"},
		"nobody is registered":            {nil, 1, "of 0 nodes none has a verdict, and a decision takes 1"},
	} {
		if got := (quorum.Question{State: health.Up, Votes: c.votes, Sites: c.sites}).Blind(); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// What is so for a moment, and for a new value until it is checked, is not told.
func TestSight_TellsWhatLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "", "", "")
		w.set("db", "v")
		slow := fsm.Duration(time.Minute)
		w.must(fsm.SetEndpoint{Key: "slow", Value: "v", Overrides: &fsm.Overrides{Interval: &slow}})
		var sight quorum.Sight
		// look has all three vote, and looks at once.
		look := func(verdict health.Status, keys ...string) string {
			for _, node := range []string{"node1", "node2", "node3"} {
				b := w.ballot(node, verdict, keys...)
				b.Reasons = nil
				for _, e := range []string{"db", "slow"} {
					b.Reasons = append(b.Reasons, gossipdb.Reason{Slot: w.endpoint(e).Slot, Text: "says nothing"})
				}
				w.receive(b, 0)
			}
			blind := sight.Look(w.View(), w.ballots.Table(), time.Now())
			return fmt.Sprint(blind.Count(), blind.Named, blind.Reason, blind.Of(w.endpoint("db")), blind.Of(w.endpoint("slow")))
		}
		none := "0 []false false"
		step := func(after time.Duration, want string, verdict health.Status, keys ...string) {
			t.Helper()
			time.Sleep(after)
			if got := look(verdict, keys...); got != want {
				t.Errorf("after %v: %q, want %q", after, got, want)
			}
		}
		step(0, none, health.Unknown, "db", "slow")
		step(time.Minute-1, none, health.Unknown, "db", "slow")
		step(1, "1 [db]says nothingtrue false", health.Unknown, "db", "slow")
		step(3*time.Minute, "2 [db slow]says nothingtrue true", health.Unknown, "db", "slow")
		step(0, "1 [slow]says nothingfalse true", health.Down, "db")
		step(0, none, health.Up, "db", "slow")
		step(time.Minute, none, health.Unknown, "db", "slow") // it begins anew
	})
}

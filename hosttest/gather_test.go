//go:build linux

package hosttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

var epoch = time.Unix(1_700_000_000, 0)

func at(moment time.Time) time.Duration { return moment.Sub(epoch) }

func TestParseRuns(t *testing.T) {
	const text = `start 1700000001.000500 41 100 7 leader db UP 1
start 1700000002.000000 41 101 8 follower web DOWN 2
end 1700000003.000000 41 100 7 1
start 1700000004.000000 52 100 9 follower db DOWN 1
`
	runs, err := parseRuns(text, "n1", map[int]int{41: 1, 52: 2}, at)
	if err != nil {
		t.Fatal(err)
	}
	want := []check.Run{
		{Node: "n1", Life: 1, Event: 7, Role: fsm.Leader, Key: "db", To: health.Up, Attempt: 1, From: time.Second + 500*time.Microsecond, End: 3 * time.Second, Exit: 1},
		{Node: "n1", Life: 1, Event: 8, Role: fsm.Follower, Key: "web", To: health.Down, Attempt: 2, From: 2 * time.Second},
		{Node: "n1", Life: 2, Event: 9, Role: fsm.Follower, Key: "db", To: health.Down, Attempt: 1, From: 4 * time.Second},
	}
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Error(diff)
	}
}

func TestParseRuns_RefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, text := range []string{
		"start 1700000001.0 41 100 7 leader db",
		"start 1700000001.0 41 100 7 leader db SIDEWAYS 1",
		"start 1700000001.0 41 100 7 king db UP 1",
		"start yesterday 41 100 7 leader db UP 1",
		"end 1700000001.0 41 100 7 0",
		"begin 1700000001.0 41 100 7 leader db UP 1",
	} {
		if runs, err := parseRuns(text, "n1", nil, at); err == nil {
			t.Errorf("%q became %v", text, runs)
		}
	}
}

func TestHear(t *testing.T) {
	lines := []string{
		`{"time":"2023-11-14T22:13:21Z","level":"INFO","msg":"this node takes part","node":"n1","cluster":"c","epoch":12}`,
		`{"time":"2023-11-14T22:13:22Z","level":"INFO","msg":"this node leads","node":"n1","term":3}`,
		`{"time":"2023-11-14T22:13:23Z","level":"INFO","msg":"notification ended","event":20,"key":"db","to":"UP","ending":"done","role":"leader","attempt":2}`,
		`{"time":"2023-11-14T22:13:24Z","level":"ERROR","msg":"notification given up: this machine was not told, see to it by hand","event":21,"key":"db","to":"DOWN","ending":"gave-up","role":"follower","attempt":1}`,
		`{"time":"2023-11-14T22:13:25Z","level":"ERROR","msg":"events were missed: the cluster no longer keeps them; what is so now is notified where it differs from what this node acted on last","after_event":30,"to_event":39}`,
		`tocsin: node n1: the end`,
	}
	name := filepath.Join(t.TempDir(), "1.log")
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var h check.History
	life := check.Life{Node: "n1", Number: 1}
	if err := hear(&h, &life, name, at); err != nil {
		t.Fatal(err)
	}
	want := check.History{
		Terms: []check.Term{{Node: "n1", Number: 3, At: 2*time.Second - office}},
		Endings: []check.Ending{
			{Node: "n1", Life: 1, Event: 20, Key: "db", Ending: fsm.Done, Role: fsm.Leader, Attempt: 2, At: 3 * time.Second},
			{Node: "n1", Life: 1, Event: 21, Key: "db", Ending: fsm.GaveUp, Role: fsm.Follower, Attempt: 1, At: 4 * time.Second},
		},
		Gaps: []check.Gap{{Node: "n1", After: 30, Before: 40, At: 5 * time.Second}},
	}
	if diff := cmp.Diff(want, h); diff != "" || life.Epoch != 12 {
		t.Errorf("epoch %d, %s", life.Epoch, diff)
	}
}

func TestCutShort(t *testing.T) {
	const killed = 100 * time.Second
	for _, test := range []struct {
		what   string
		end    time.Duration
		killed bool
		again  bool
		slow   bool
		want   bool
	}{
		{"it never ended", 0, true, false, false, true},
		{"it ended long before", killed - 2*time.Second, true, true, false, false},
		{"it ended just before, and that was not noted", killed - time.Millisecond, true, true, false, true},
		{"it ended just before, and that was noted", killed - time.Millisecond, true, false, false, false},
		{"it ended just before an orderly stop", killed - time.Millisecond, false, true, false, false},
		{"the disk was slow", killed - 2*time.Second, true, true, true, true},
	} {
		t.Run(test.what, func(t *testing.T) {
			h := check.History{
				Lives: []check.Life{{Node: "n1", Number: 1, To: killed, Killed: test.killed}, {Node: "n1", Number: 2, From: killed}},
				Runs:  []check.Run{{Node: "n1", Life: 1, Event: 7, End: test.end}},
			}
			if test.again {
				h.Runs = append(h.Runs, check.Run{Node: "n1", Life: 2, Event: 7, End: 2 * killed})
			}
			if test.slow {
				h.Faults = []check.Fault{{At: killed - 10*time.Second, What: slowly("n1") + "its syncs take long"}}
			}
			cutShort(&h)
			if h.Runs[0].Cut != test.want || h.Runs[0].End == 0 {
				t.Errorf("%+v", h.Runs[0])
			}
		})
	}
}

func TestMatchSeen(t *testing.T) {
	e := &fsm.Event{ID: 7, Key: "db", Time: epoch.Add(123456 * time.Microsecond), Votes: []fsm.Vote{{Node: "n1", Age: fsm.Duration(1234 * time.Microsecond)}}}
	same, other := *rounded(e), *rounded(e)
	other.Key = "web"
	h := check.History{Events: []check.Event{{Event: e}}, Seen: []check.Seen{{Event: &same}, {Event: &other}}}
	matchSeen(&h)
	if h.Seen[0].Event != e || h.Seen[1].Event != &other {
		t.Error("an event is taken for what it is not")
	}
}

package cli_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

func seenSamples(reason string, all ...health.Status) []api.SeenSample {
	var samples []api.SeenSample
	for _, status := range all {
		samples = append(samples, api.SeenSample{Status: status, Ago: fsm.Duration(2100 * time.Millisecond), Duration: fsm.Duration(5 * time.Second)})
	}
	samples[len(samples)-1].Reason = reason
	return samples
}

func whyDown() api.Why {
	e := endpoint("db", health.Down)
	e.Sites = 1
	down, up, never := health.Down, health.Up, health.Unknown
	w := api.Why{
		Node: "node1", Leader: "node2", Time: noon, Endpoint: e,
		Said: "3 of 5 observers say DOWN, 1 says UP, 1 counts for neither; 3 are needed.", Needs: "UP has 1 of the 3 votes that it needs: 2 more.",
		HeldBackBy: []api.Obstacle{{Kind: "cooldown", Text: "UP is agreed; the cooldown after the last change holds it back for another 12s"}},
		Decided: &api.Event{
			Event: fsm.Event{ID: 42, Key: "db", From: up, To: down, Time: noon, Leader: "node2"}, Tally: api.Tally{Down: 3, Up: 1, Unknown: 1},
		},
	}
	for i, v := range e.Votes {
		n := api.NodeAccount{Node: v.Node, Site: v.Site, Vote: v}
		switch i {
		case 3:
			n.Vote.Verdict = up
			n.Samples = seenSamples("+OK 12 connections", up, down, up, up)
		case 4:
			n.Vote.Verdict, n.Vote.Excluded, n.Silent = never, api.ExcludedStale, "it can't be reached: it is down, or cut off from here"
		default:
			n.Samples = seenSamples("dial tcp 10.0.0.7:5432: connect: connection refused", up, down, never, down, down)
		}
		w.Nodes = append(w.Nodes, n)
	}
	second := fsm.Duration(time.Second)
	w.Notifications = []api.Notification{
		{Node: "node1", Stage: api.StageDone, Outcome: &fsm.Outcome{Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Duration: second}},
		{Node: "node2", Stage: api.StageRunning, Open: &api.OpenProgress{Phase: api.StageRunning, Role: fsm.Leader, Attempt: 1, Limit: 10, For: second}},
		{Node: "node3", Stage: api.StagePausing, Open: &api.OpenProgress{
			Phase: api.StagePausing, Role: fsm.Follower, Attempt: 2, Limit: 10, For: second, Next: 3 * second, Problem: "exit code 1, attempt 2 of 10",
		}},
		{Node: "node4", Stage: api.StageGaveUp, Outcome: &fsm.Outcome{
			Role: fsm.Follower, Ending: fsm.GaveUp, Attempt: 1, ExitCode: 3, Problem: "exit code 3: gave up", Output: "cannot write /etc/app/db.conf:\nRead-only file system\n",
		}},
		{Node: "node5", Stage: api.StageUnheard, Silent: "it can't be reached: it is down, or cut off from here"},
	}
	return w
}

func TestWhy_IsUnderstoodAtNight(t *testing.T) {
	n := newFakeNode(t, whyDown())
	want := `db is DOWN since ` + noon.Add(-90*time.Second).Local().Format(time.DateTime) + ` (1m30s).
3 of 5 observers say DOWN, 1 says UP, 1 counts for neither; 3 are needed.
UP has 1 of the 3 votes that it needs: 2 more.
Held back: UP is agreed; the cooldown after the last change holds it back for
another 12s.
Event 42 made it DOWN: node2 decided on 3 DOWN, 1 UP and 1 for neither.

NODE   SAYS       SEEN  TOOK  CHECKS  WHAT IT SAW
`
	code, stdout, stderr := n.tocsin("why", "db")
	if code != 0 || !strings.HasPrefix(stdout, want) || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	t.Log("\n" + stdout)
	for line := range strings.Lines(stdout) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("too wide: %s", line)
		}
	}
	if n.lastAsked() != "GET /v1/why/db" {
		t.Errorf("asked %q", n.lastAsked())
	}
	if code, stdout, _ := n.tocsin("why", "db", "-o", "json"); code != 0 || !strings.Contains(stdout, `"stage": "gave-up"`) {
		t.Errorf("as JSON: %d %s", code, stdout)
	}
}

func TestWhy_OfABaselineAndOfNothing(t *testing.T) {
	w := whyDown()
	w.Decided.Baseline, w.Notifications = true, nil
	n := newFakeNode(t, w)
	if _, stdout, _ := n.tocsin("why", "db"); !strings.Contains(stdout, "Nobody is notified of the first decision") {
		t.Errorf("got\n%s", stdout)
	}
	w.Decided, w.Endpoint.State, w.Endpoint.Since = nil, health.Unknown, time.Time{}
	n = newFakeNode(t, w)
	if _, stdout, _ := n.tocsin("why", "db"); !strings.HasPrefix(stdout, "db is UNKNOWN: nothing is decided yet.\n") || strings.Contains(stdout, "Notifications") {
		t.Errorf("got\n%s", stdout)
	}
}

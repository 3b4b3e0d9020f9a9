package cli_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

func TestHolds_AskFor(t *testing.T) {
	t.Setenv("USER", "anna")
	n := newFakeNode(t, api.HoldWritten{Index: 9, Changed: true})
	at := time.Date(2026, 12, 24, 22, 0, 0, 0, time.Local).Format(time.RFC3339)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"pause", "--all", "--reason", "r"}, `POST /v1/pause {"reason":"r","by":"anna"}`},
		{[]string{"pause", "--prefix", "web/", "--label", "a=1", "--reason", "r", "--by", "", "--for", "2h"}, `POST /v1/pause {"prefix":"web/","labels":{"a":"1"},"reason":"r","for":"2h0m0s"}`},
		{[]string{"pause", "--all", "--reason", "r", "--until", "2026-12-24 22:00"}, `POST /v1/pause {"reason":"r","by":"anna","until":"` + at + `"}`},
		{[]string{"resume", "--all"}, `DELETE /v1/pause`},
		{[]string{"resume", "--prefix", "web/", "--label", "a=1"}, `DELETE /v1/pause?label=a%3D1&prefix=web%2F`},
		{
			[]string{"maintenance", "add", "nightly", "--label", "a=1", "--cron", "0 2 * * *", "--zone", "Europe/Paris", "--for", "1h", "--reason", "r"},
			`PUT /v1/maintenance/nightly {"labels":{"a":"1"},"reason":"r","by":"anna","cron":"0 2 * * *","zone":"Europe/Paris","duration":"1h0m0s"}`,
		},
		{[]string{"maintenance", "add", "once", "--all", "--from", "2026-12-24 22:00", "--for", "4h"}, `PUT /v1/maintenance/once {"by":"anna","from":"` + at + `","duration":"4h0m0s"}`},
		{[]string{"maintenance", "remove", "nightly"}, `DELETE /v1/maintenance/nightly`},
		{[]string{"endpoint", "state", "a/b", "down", "--reason", "r"}, `POST /v1/endpoints/a%2Fb/state {"state":"DOWN","reason":"r","by":"anna"}`},
	} {
		code, stdout, stderr := n.tocsin(c.args...)
		done := "ok"
		if c.args[0] == "pause" || c.args[1] == "add" {
			done = "changed"
		}
		if code != 0 || stdout != done+"\n" || stderr != "" && !strings.Contains(stderr, "covers no endpoint") {
			t.Errorf("%q: %d %q %q", c.args, code, stdout, stderr)
		}
		if got := n.wrote(); got != c.want {
			t.Errorf("%q asked\n%s, want\n%s", c.args, got, c.want)
		}
	}
}

// TestPause_OfNothing, and of something.
func TestPause_OfNothing(t *testing.T) {
	for _, c := range []struct {
		found []api.EndpointStatus
		says  string
	}{{nil, "covers no endpoint that is there now"}, {[]api.EndpointStatus{{Key: "web/1"}}, ""}} {
		n := newFakeNode(t, api.HoldWritten{Changed: true}, api.Status{Endpoints: c.found})
		code, stdout, stderr := n.tocsin("pause", "--prefix", "web/", "--reason", "r")
		if code != 0 || stdout != "changed\n" || !strings.Contains(stderr, c.says) || c.says == "" && stderr != "" || n.lastAsked() != "GET /v1/status?limit=1&prefix=web%2F" {
			t.Errorf("%d %q %q, asked %s", code, stdout, stderr, n.lastAsked())
		}
	}
}

// TestResume_NamesThePausesThatGoOn: --all takes that of all back, and no other.
func TestResume_NamesThePausesThatGoOn(t *testing.T) {
	n := newFakeNode(t, api.HoldWritten{Changed: true}, api.Pauses{Pauses: []api.Pause{{Prefix: "zzz"}}})
	if code, stdout, stderr := n.tocsin("resume", "--all"); code != 0 || stdout != "ok\n" || stderr != "1 other pause goes on: zzz*\n" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	n = newFakeNode(t, api.HoldWritten{Changed: true}, api.Pauses{Pauses: []api.Pause{{Prefix: "a"}, {}}})
	if _, _, stderr := n.tocsin("resume", "--prefix", "zzz"); stderr != "2 other pauses go on: a*, all\n" {
		t.Errorf("%q", stderr)
	}
}

// TestWrites_ThatAnEarlierTryHasDone: what a first try has removed, whose answer was
// lost, is no failure because the second does not find it.
func TestWrites_ThatAnEarlierTryHasDone(t *testing.T) {
	uncertain, gone := problem{503, api.Problem{Code: api.CodeUncertain}}, problem{404, api.Problem{Code: api.CodeNotFound, Detail: "there is none"}}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"maintenance", "remove", "nightly"}, 0},
		{[]string{"resume", "--all"}, 0},
		{[]string{"del", "web"}, 0},
		{[]string{"endpoint", "state", "web", "down", "--reason", "r"}, 1},
	} {
		n := newFakeNode(t, uncertain, gone)
		if code, _, stderr := n.tocsin(c.args...); code != c.code {
			t.Errorf("%q: %d %s", c.args, code, stderr)
		}
		n = newFakeNode(t, gone)
		if code, _, stderr := n.tocsin(c.args...); code != 1 {
			t.Errorf("%q of what was never there: %d %s", c.args, code, stderr)
		}
	}
}

func TestMaintenanceList(t *testing.T) {
	at := time.Date(2026, 12, 24, 22, 0, 0, 0, time.Local)
	n := newFakeNode(t, api.Pauses{Pauses: []api.Pause{
		{Reason: "moving", Since: at},
		{Prefix: "web/", Labels: map[string]string{"team": "storage"}, Reason: "disks", By: "anna", Since: at, Until: at.Add(time.Hour)},
	}}, api.Windows{Windows: []api.Window{
		{
			Name: "nightly", Next: &api.Stretch{From: at.Add(4 * time.Hour), To: at.Add(5 * time.Hour)},
			WindowRequest: api.WindowRequest{Prefix: "db", Cron: "0 2 * * *", Zone: "Europe/Paris", Duration: fsm.Duration(time.Hour)},
		},
		{Name: "once", Open: &api.Stretch{From: at, To: at.Add(time.Hour)}, WindowRequest: api.WindowRequest{Reason: "racks", From: at, Duration: fsm.Duration(time.Hour)}},
	}})
	want := `WINDOW   NOW     COVERS             WHEN                             WHY
-        paused  all                until resumed                    moving
-        paused  web/*              until 2026-12-24 23:00           anna: disks
                 team=storage
nightly  closed  db*                from 2026-12-25 02:00 for 1h00m  -
once     open    all                until 2026-12-24 23:00           racks
`
	if code, stdout, stderr := n.tocsin("maintenance", "list"); code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	n = newFakeNode(t, api.Pauses{Pauses: []api.Pause{}}, api.Windows{Windows: []api.Window{}})
	if code, stdout, stderr := n.tocsin("maintenance", "list"); code != 0 || stdout != "" || stderr != "Nothing is paused, and nothing is planned.\n" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}

// TestStatus_OfOneEndpointTellsNoPauseOfOthers, and those that are about it.
func TestStatus_OfOneEndpointTellsNoPauseOfOthers(t *testing.T) {
	others := api.Obstacle{Kind: api.HeldByPause, Of: "the prefix zzz", Text: "a pause of zzz holds"}
	own := api.Obstacle{Kind: api.HeldByPause, Of: "the prefix we", Text: "a pause of we holds"}
	n := newFakeNode(t, api.Status{
		Cluster:   api.Cluster{ID: "C", Node: "a", Leader: "a", Quorum: 1, HeldBackBy: []api.Obstacle{others, own}},
		Endpoints: []api.EndpointStatus{{Key: "web", HeldBackBy: []api.Obstacle{own}}},
	})
	if code, stdout, stderr := n.tocsin("status", "web"); code != 0 || strings.Contains(stdout, "zzz") || !strings.Contains(stdout, "held back: a pause of we") {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
}

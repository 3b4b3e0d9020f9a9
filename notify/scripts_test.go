package notify_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
	"tocsin/script"
)

func scripts(t testing.TB, body string) *notify.Scripts {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notify.sh"), []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	opened, err := script.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return notify.NewScripts(opened)
}

func job() notify.Job {
	return notify.Job{
		Script: "notify.sh", Role: fsm.Leader, Attempt: 2, Timeout: 10 * time.Second, Cluster: "ALARM", Node: "node-1", Site: "east",
		Event: &fsm.Event{
			ID: 42, Key: "a key", Value: `$(touch /tmp/x); "v"`, Generation: 7, Sequence: 3,
			From: health.Up, To: health.Down, Time: time.Date(2026, 11, 20, 1, 2, 3, 0, time.FixedZone("", 3600)),
			Leader: "node-2", Term: 5, Quorum: 2,
			Votes: []fsm.Vote{
				{Node: "node-1", Verdict: health.Down, Reason: "refused"},
				{Node: "node-2", Verdict: health.Down},
				{Node: "node-3", Verdict: health.Up},
				{Node: "node-4", Excluded: "stale"},
			},
		},
	}
}

func TestScripts_KeepTheContract(t *testing.T) {
	s := scripts(t, `for a; do echo "arg $a"; done; env | grep ^TOCSIN_ | sort`)
	r := s.Run(t.Context(), job())
	want := strings.Join([]string{
		"arg leader", "arg a key", `arg $(touch /tmp/x); "v"`, "arg DOWN",
		"TOCSIN_ATTEMPT=2", "TOCSIN_CLUSTER=ALARM", "TOCSIN_EVENTS_MISSED=0", "TOCSIN_EVENT_ID=42", "TOCSIN_EVENT_TIME=2026-11-20T00:02:03Z", "TOCSIN_KEY=a key", "TOCSIN_NODE=node-1",
		"TOCSIN_PREVIOUS_STATUS=UP", "TOCSIN_ROLE=leader", "TOCSIN_SITE=east", "TOCSIN_STATUS=DOWN",
		`TOCSIN_VALUE=$(touch /tmp/x); "v"`, "TOCSIN_VOTES_DOWN=2", "TOCSIN_VOTES_UNKNOWN=1", "TOCSIN_VOTES_UP=1", "",
	}, "\n")
	if diff := cmp.Diff(want, r.Stdout); diff != "" || r.ExitCode != 0 {
		t.Errorf("the script saw something else (-want +got):\n%s\n%+v", diff, r)
	}
}

func TestScripts_GiveTheEventOnStandardInput(t *testing.T) {
	r := scripts(t, "cat").Run(t.Context(), job())
	var got map[string]any
	if err := json.Unmarshal([]byte(r.Stdout), &got); err != nil {
		t.Fatalf("%v in %q", err, r.Stdout)
	}
	votes, _ := got["votes"].([]any)
	delete(got, "votes")
	want := map[string]any{
		"id": 42.0, "key": "a key", "value": `$(touch /tmp/x); "v"`, "generation": 7.0, "sequence": 3.0, "from": "UP", "to": "DOWN",
		"time": "2026-11-20T01:02:03+01:00", "leader": "node-2", "term": 5.0, "quorum": 2.0,
		"status": "DOWN", "previous_status": "UP", "role": "leader", "cluster": "ALARM", "node": "node-1", "site": "east", "attempt": 2.0,
		"votes_up": 1.0, "votes_down": 2.0, "votes_unknown": 1.0, "events_missed": 0.0,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(votes) != 4 {
		t.Errorf("the script read something else, and %d votes (-want +got):\n%s", len(votes), diff)
	}
}

func TestScripts_AreToldOfMissedEvents(t *testing.T) {
	for missed, want := range map[int]string{3: "3 3\n", fsm.MissedUnknown: "unknown -1\n"} {
		j := job()
		j.Missed = missed
		r := scripts(t, `echo "$TOCSIN_EVENTS_MISSED $(sed 's/.*"events_missed":\([-0-9]*\).*/\1/')"`).Run(t.Context(), j)
		if r.Stdout != want {
			t.Errorf("of %d missed events the script was told %q, not %q", missed, r.Stdout, want)
		}
	}
}

func TestScripts_SayWhatCannotBeRun(t *testing.T) {
	j := job()
	j.Script = "missing.sh"
	if r := scripts(t, "").Run(t.Context(), j); r.StartErr == nil || r.ExitCode != -1 {
		t.Errorf("the result is %+v", r)
	}
}

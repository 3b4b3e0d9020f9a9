package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/notify"
)

// notified returns what an answer holds, one word each: node, event and stage.
func notified(t *testing.T, a answer) []string {
	t.Helper()
	var all []string
	for _, n := range decoded[api.Notifications](t, a).Notifications {
		all = append(all, fmt.Sprintf("%s/%d/%s", n.Node, n.Event, n.Stage))
	}
	return all
}

func TestNotifications_AreListedAsAsked(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.set("web", "v")
	w.decide("db", health.Up) // the baseline, of which nobody is told
	first := w.decide("db", health.Down)
	second := w.decide("db", health.Up)
	for event, endings := range map[uint64][5]fsm.Ending{
		first:  {fsm.Done, fsm.Done, fsm.GaveUp, fsm.Superseded, fsm.Done},
		second: {fsm.Done, fsm.Done, fsm.GaveUp, "", ""},
	} {
		for i, ending := range endings {
			if ending != "" {
				w.apply(fsm.RecordOutcome{Outcome: fsm.Outcome{Event: event, Node: fmt.Sprintf("node%d", i+1), Role: fsm.Follower, Ending: ending, Attempt: 1, Time: birth}})
			}
		}
	}
	w.silent = map[string]string{"node5": "gone"}
	w.open = map[string][]notify.Open{"node4": {
		{Event: second, Key: "db", To: health.Up, Phase: notify.PhaseRunning, Attempt: 1, Changed: time.Now()},
		{Event: 1, Key: "web", To: health.Up, Phase: notify.PhaseWaiting, Changed: time.Now()}, // made up: its event is kept no more
	}}
	list := func(query string) string { return strings.Join(notified(t, w.get("/v1/notifications"+query)), " ") }
	n := func(node int, event uint64, stage string) string {
		return fmt.Sprintf("node%d/%d/%s", node, event, stage)
	}
	for query, want := range map[string][]string{
		"?state=gave-up":             {n(3, second, "gave-up"), n(3, first, "gave-up")},
		"?state=open":                {n(4, second, "running"), n(5, second, "unheard"), n(4, 1, "waiting")},
		"?state=open&key=db":         {n(4, second, "running"), n(5, second, "unheard")},
		"?state=open&node=node4":     {n(4, second, "running"), n(4, 1, "waiting")},
		"?node=node3&limit=1":        {n(3, second, "gave-up")},
		"?key=web":                   {n(4, 1, "waiting")},
		"?key=nothing":               nil,
		"?node=node4&state=all":      {n(4, second, "running"), n(4, first, "superseded"), n(4, 1, "waiting")},
		"?state=gave-up&node=node1":  nil,
		"?key=db&node=node5&limit=9": {n(5, second, "unheard"), n(5, first, "done")},
	} {
		if got := list(query); got != strings.Join(want, " ") {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	all := decoded[api.Notifications](t, w.get("/v1/notifications"))
	if len(all.Notifications) != 11 || all.More || len(all.Silent) != 1 || !strings.Contains(all.Silent["node5"], "can't be reached") {
		t.Errorf("got %d, more %v, silent %v", len(all.Notifications), all.More, all.Silent)
	}
	if page := decoded[api.Notifications](t, w.get("/v1/notifications?limit=10")); len(page.Notifications) != 10 || !page.More {
		t.Errorf("got %d, more %v", len(page.Notifications), page.More)
	}
	w.get("/v1/notifications?state=closed").wantWord(t, 400, "open, gave-up and all")
	w.get("/v1/notifications?limit=0").wantWord(t, 400, "1 to 1000")
	w.get("/v1/notifications?node=node9").wantWord(t, 404, "node9", "tocsin members")
}

// givenUp returns a world in which node3 and node4 gave up on an event of web,
// and the event.
func givenUp(t *testing.T) (*world, uint64) {
	t.Helper()
	w := newWorld(t)
	w.set("web", "v")
	w.decide("web", health.Up)
	event := w.decide("web", health.Down)
	for i := 1; i <= 5; i++ {
		o := fsm.Outcome{Event: event, Node: fmt.Sprintf("node%d", i), Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Time: birth}
		if i == 3 || i == 4 {
			o.Ending, o.Attempt, o.ExitCode = fsm.GaveUp, 2, 1
		}
		w.apply(fsm.RecordOutcome{Outcome: o})
	}
	return w, event
}

func (w *world) post(target, body string) answer {
	w.t.Helper()
	return w.request("POST", target, body)
}

func TestNotification_IsRunAgain(t *testing.T) {
	w, event := givenUp(t)
	path := fmt.Sprintf("/v1/notifications/%d", event)
	stages := func() string {
		var all []string
		for _, n := range decoded[api.EventNotifications](t, w.get(path)).Notifications {
			all = append(all, string(n.Stage))
		}
		return strings.Join(all, " ")
	}
	if got := stages(); got != "done done gave-up gave-up done" {
		t.Fatalf("got %s", got)
	}
	w.post(path+"/retry?node=node1", "").wantWord(t, 409, "not given up", "done on node1")
	w.post(path+"/retry?node=node9", "").wantWord(t, 409, "node9")
	w.post("/v1/notifications/99/retry", "").wantWord(t, 404, "no event 99")
	w.post("/v1/notifications/web/retry", "").wantWord(t, 400, "not the id of an event")
	if got := decoded[api.Attended](t, w.post(path+"/retry?node=node3", "")); !got.Changed || strings.Join(got.Nodes, " ") != "node3" || got.Index != w.index {
		t.Errorf("got %+v", got)
	}
	if got := decoded[api.Attended](t, w.post(path+"/retry", "")); !got.Changed || strings.Join(got.Nodes, " ") != "node4" {
		t.Errorf("node3 was asked before: %+v", got)
	}
	if got := decoded[api.Attended](t, w.post(path+"/retry", "")); got.Changed || len(got.Nodes) > 0 {
		t.Errorf("asked a second time: %+v", got)
	}
	if got := stages(); got != "done done asked-again asked-again done" {
		t.Errorf("got %s", got)
	}
	for query, want := range map[string]int{"?state=gave-up": 0, "?state=open": 2} {
		if got := notified(t, w.get("/v1/notifications"+query)); len(got) != want {
			t.Errorf("%s: %q", query, got)
		}
	}
	newer := w.decide("web", health.Up)
	w.apply(fsm.RecordOutcome{Outcome: fsm.Outcome{Event: event, Node: "node3", Role: fsm.Follower, Ending: fsm.GaveUp, Attempt: 4, Retry: w.index, Time: birth}})
	w.post(path+"/retry?node=node3", "").wantWord(t, 409, "out of order", fmt.Sprint(newer))
}

func TestNotification_IsSeenTo(t *testing.T) {
	w, event := givenUp(t)
	path := fmt.Sprintf("/v1/notifications/%d", event)
	unattended := func() int { return decoded[api.Status](t, w.get("/v1/status")).Cluster.GivenUp }
	if got := unattended(); got != 2 {
		t.Errorf("%d call for attention", got)
	}
	w.post(path+"/ack", `{"why":"by hand"}`).wantWord(t, 400, "by is empty")
	w.post(path+"/ack", `{"who":"ana"}`).wantWord(t, 400, "no field")
	if got := decoded[api.Attended](t, w.post(path+"/ack?node=node3", `{"by":"ana","why":"by hand"}`)); !got.Changed || strings.Join(got.Nodes, " ") != "node3" {
		t.Errorf("got %+v", got)
	}
	if got := decoded[api.Attended](t, w.post(path+"/ack?node=node3", `{"by":"ana","why":"by hand"}`)); got.Changed {
		t.Errorf("said twice: %+v", got)
	}
	if got := unattended(); got != 1 {
		t.Errorf("%d call for attention", got)
	}
	if got := notified(t, w.get("/v1/notifications?state=gave-up")); len(got) != 1 || !strings.Contains(got[0], "node4") {
		t.Errorf("got %q", got)
	}
	ack := decoded[api.EventNotifications](t, w.get(path)).Notifications[2].Outcome.Ack
	if ack == nil || ack.By != "ana" || ack.Why != "by hand" || ack.Time.IsZero() {
		t.Errorf("it is shown as %+v", ack)
	}
	// To run it again takes that back.
	w.post(path+"/retry?node=node3", "").wantWord(t, 200, "node3")
	if ack := decoded[api.EventNotifications](t, w.get(path)).Notifications[2].Outcome.Ack; ack != nil {
		t.Errorf("it is shown as %+v", ack)
	}
}

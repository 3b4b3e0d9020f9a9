package api_test

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
	w.get("/v1/notifications?node=node9").wantWord(t, 404, "node9", "/v1/members")
}

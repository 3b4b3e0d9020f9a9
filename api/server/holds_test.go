package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
)

const (
	pausing = "/v1/pause"
	nightly = "/v1/maintenance/nightly"
)

// refuses holds that each request is refused in these words, and that nothing is
// written by it.
func (w *world) refuses(method, path string, status int, bodies map[string]string) {
	w.t.Helper()
	before := w.View().Index()
	for body, says := range bodies {
		w.request(method, path, body).wantWord(w.t, status, says)
	}
	if w.View().Index() != before {
		w.t.Errorf("%s %s: what was refused has written", method, path)
	}
}

func TestPauses_AreMadeShownAndTakenBack(t *testing.T) {
	w := newWorld(t)
	w.get(pausing).want(t, 200, `{"pauses":[]}`+"\n")
	made := w.request("POST", pausing, `{"prefix":"db/","labels":{"team":"storage"},"reason":"new disks","by":"anna","for":"2h"}`)
	if !decoded[api.HoldWritten](t, made).Changed || made.header.Get("ETag") != "" {
		t.Errorf("got %s, ETag %q", made.body, made.header.Get("ETag"))
	}
	w.request("POST", pausing, `{"reason":"all of it"}`).wantWord(t, 200, `"changed":true,"added":true`)
	w.request("POST", pausing, `{"reason":"all of it"}`).wantWord(t, 200, `"changed":false`)

	got := decoded[api.Pauses](t, w.get(pausing)).Pauses
	if len(got) != 2 || got[0].Reason != "all of it" || !got[0].Until.IsZero() || got[0].For != 0 {
		t.Fatalf("got %+v", got)
	}
	if p := got[1]; p.Prefix != "db/" || p.Labels["team"] != "storage" || p.By != "anna" || time.Until(p.Until).Round(time.Minute) != 2*time.Hour || time.Duration(p.For).Round(time.Minute) != 2*time.Hour {
		t.Errorf("got %+v", p)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	w.request("POST", pausing, fmt.Sprintf(`{"prefix":"db/","labels":{"team":"storage"},"reason":"sooner","until":%q}`, until.Format(time.RFC3339))).wantWord(t, 200, `"changed":true`)
	if again := decoded[api.Pauses](t, w.get(pausing)).Pauses; len(again) != 2 || again[1].Reason != "sooner" || !again[1].Until.Equal(until) || !again[1].Since.Equal(got[1].Since) {
		t.Errorf("the pause of the same scope is %+v", again)
	}

	w.request("DELETE", pausing+"?prefix=db/", "").wantWord(t, 404, "no pause of the prefix db/", "very prefix and labels")
	w.request("DELETE", pausing+"?prefix=db/&label=team=storage", "").wantWord(t, 200, `"changed":true`)
	w.request("DELETE", pausing, "").wantWord(t, 200)
	w.request("DELETE", pausing, "").wantWord(t, 404, "no pause of all endpoints")
	if h := w.View().Holds(); len(h.Pauses) != 0 {
		t.Errorf("there are %+v", h.Pauses)
	}
}

func TestPauses_OnlyThoseThatHoldAreShown(t *testing.T) {
	w := newWorld(t)
	w.apply(fsm.PauseEndpoints{Pause: fsm.Pause{Reason: "over", Since: birth, Until: birth.Add(time.Hour)}})
	w.get(pausing).want(t, 200, `{"pauses":[]}`+"\n")
}

func TestPauses_BadOnesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.refuses("POST", pausing, 400, map[string]string{
		"":                            "the body is empty",
		`{}`:                          "reason is missing",
		`{"prefix":"a"}`:              "reason is missing",
		`{"reason":"r","for":"-1h"}`:  "one that is to come",
		`{"reason":"r","for":"soon"}`: "",
		`{"reason":"r","for":"1h","until":"2099-01-01T00:00:00Z"}`:      "give one of them",
		`{"reason":"r","until":"2001-01-01T00:00:00Z"}`:                 "an end that is to come",
		`{"reason":"r","until":"tomorrow"}`:                             "",
		`{"reason":"r","prefixes":"a"}`:                                 "the fields are",
		`{"reason":"r","labels":{"":"x"}}`:                              "label",
		fmt.Sprintf(`{"reason":%q}`, strings.Repeat("r", 257)):          "reason",
		fmt.Sprintf(`{"reason":"r","by":%q}`, strings.Repeat("r", 129)): "who",
		fmt.Sprintf(`{"reason":"r","prefix":%q}`, "a\nb"):               "prefix",
	})
	w.request("DELETE", pausing+"?label=storage", "").wantWord(t, 400, "not like team=storage")
	for i := range fsm.MaxPauses {
		w.apply(fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: fmt.Sprint(i)}, Reason: "r", Since: time.Now()}})
	}
	w.refuses("POST", pausing, http.StatusConflict, map[string]string{`{"reason":"r"}`: "256 pauses already"})
	w.proposeErr = api.ErrNoLeader
	w.refuses("POST", pausing, 503, map[string]string{`{"prefix":"1","reason":"r"}`: "no leader"})
}

func TestWindows_AreMadeShownAndDeleted(t *testing.T) {
	w := newWorld(t)
	w.get("/v1/maintenance").want(t, 200, `{"windows":[]}`+"\n")
	w.get(nightly).wantWord(t, 404, "nightly", "tocsin maintenance list")
	const body = `{"labels":{"team":"storage"},"reason":"backups","by":"anna","cron":"0 2 * * *","zone":"Europe/Paris","duration":"1h"}`
	first := w.request("PUT", nightly, body, "If-None-Match: *")
	tag := first.header.Get("ETag")
	if !decoded[api.HoldWritten](t, first).Changed || tag == "" {
		t.Fatalf("got %s, ETag %q", first.body, tag)
	}
	shown := w.get(nightly)
	one := decoded[api.Window](t, shown)
	if shown.header.Get("ETag") != tag || one.Labels["team"] != "storage" || one.By != "anna" || one.Zone != "Europe/Paris" || one.Next == nil || one.Next.To.Sub(one.Next.From) != time.Hour {
		t.Errorf("got %s, ETag %q", shown.body, shown.header.Get("ETag"))
	}
	if all := decoded[api.Windows](t, w.get("/v1/maintenance")).Windows; len(all) != 1 || all[0].Name != "nightly" {
		t.Errorf("got %+v", all)
	}

	w.request("PUT", nightly, body, "If-None-Match: *").wantWord(t, 412, "exists already")
	if same := w.request("PUT", nightly, body, "If-Match: "+tag); same.header.Get("ETag") != tag || decoded[api.HoldWritten](t, same).Changed {
		t.Errorf("the same once more: %s, ETag %q", same.body, same.header.Get("ETag"))
	}
	longer := strings.Replace(body, `"1h"`, `"2h"`, 1)
	second := w.request("PUT", nightly, longer, "If-Match: "+tag)
	if got := decoded[api.HoldWritten](t, second); !decoded[api.HoldWritten](t, first).Added || got.Added || !got.Changed || second.header.Get("ETag") == tag {
		t.Errorf("another: %s, ETag %q", second.body, second.header.Get("ETag"))
	}
	w.request("PUT", nightly, body, "If-Match: "+tag).wantWord(t, 412, "changed by somebody else")
	w.request("DELETE", nightly, "", "If-Match: "+tag).wantWord(t, 412, "changed by somebody else")
	w.request("PUT", "/v1/maintenance/other", body, "If-Match: *").wantWord(t, 412, "does not exist")
	w.request("DELETE", nightly, "", "If-Match: "+second.header.Get("ETag")).wantWord(t, 200, `"changed":true`)
	w.request("DELETE", nightly, "").wantWord(t, 404, "nightly")
}

func TestWindows_OneThatIsOverIsRefused(t *testing.T) {
	w := newWorld(t)
	from := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
	w.request("PUT", "/v1/maintenance/gone", `{"from":"`+from+`","duration":"1h"}`).wantWord(t, 400, "over already")
	w.request("PUT", "/v1/maintenance/open", `{"from":"`+from+`","duration":"3h"}`).wantWord(t, 200, `"changed":true`)
}

func TestWindows_OneThatComesOnceIsOpenAndThenOver(t *testing.T) {
	w := newWorld(t)
	from := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	w.request("PUT", nightly, fmt.Sprintf(`{"from":%q,"duration":"1h"}`, from.Format(time.RFC3339))).wantWord(t, 200)
	if one := decoded[api.Window](t, w.get(nightly)); one.Open == nil || !one.Open.From.Equal(from) || one.Next != nil {
		t.Errorf("got %+v", one)
	}
}

func TestWindows_BadOnesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.refuses("PUT", nightly, 400, map[string]string{
		"":                                   "the body is empty",
		`{"duration":"1h"}`:                  "not said when",
		`{"cron":"0 2 * * *"}`:               "duration",
		`{"cron":"0 2 * *","duration":"1h"}`: "cron",
		`{"cron":"0 2 * * *","zone":"Europe/Atlantis","duration":"1h"}`:         "zone",
		`{"cron":"0 2 * * *","from":"2099-01-01T00:00:00Z","duration":"1h"}`:    "one of both",
		`{"from":"2099-01-01T00:00:00Z","zone":"Europe/Paris","duration":"1h"}`: "says its own",
		`{"from":"2099-01-01T00:00:00Z","duration":"1s"}`:                       "between 1m",
		`{"from":"2099-01-01T00:00:00Z","duration":"400h"}`:                     "between 1m",
		`{"cron":"0 2 * * *","duration":"1h","reasons":"r"}`:                    "did you mean",
	})
	w.refuses("PUT", "/v1/maintenance/two%20words", 400, map[string]string{`{"cron":"0 2 * * *","duration":"1h"}`: "two words"})
	for i := range fsm.MaxWindows {
		w.apply(fsm.SetWindow{Window: fsm.Window{Name: fmt.Sprint("w", i), Cron: "0 2 * * *", Duration: fsm.Duration(time.Hour)}})
	}
	w.refuses("PUT", nightly, http.StatusConflict, map[string]string{`{"cron":"0 2 * * *","duration":"1h"}`: "256 maintenance windows already"})
}

func TestForce_SetsAStateByHand(t *testing.T) {
	w := newWorld(t)
	w.set("web/1", "v")
	w.decide("web/1", health.Up)
	const path = "/v1/endpoints/web%2F1/state"
	done := decoded[api.Written](t, w.request("POST", path, `{"state":"DOWN","reason":"the disks","by":"anna"}`))
	if !done.Changed || done.Key != "web/1" {
		t.Errorf("got %+v", done)
	}
	e := decoded[api.Events](t, w.get("/v1/events")).Events[1]
	if e.ID != done.Index || e.To != health.Down || e.Manual == nil || e.Manual.Reason != "the disks" || e.Manual.By != "anna" || len(e.Votes) != 0 {
		t.Errorf("the event is %+v", e)
	}
	w.request("POST", path, `{"state":"DOWN","reason":"again"}`).wantWord(t, 200, `"changed":false`)
	w.refuses("POST", path, 400, map[string]string{
		"":                                 "the body is empty",
		`{"state":"DOWN"}`:                 "reason is missing",
		`{"reason":"r"}`:                   "UP and DOWN can",
		`{"state":"UNKNOWN","reason":"r"}`: "UP and DOWN can",
		`{"state":"BROKEN","reason":"r"}`:  "UP, DOWN and UNKNOWN",
	})
	w.request("POST", "/v1/endpoints/nothing/state", `{"state":"DOWN","reason":"r"}`).wantWord(t, 404, "nothing")
}

func TestParents_AreWrittenAndShownAndHold(t *testing.T) {
	w := newWorld(t)
	w.set("router", "v")
	w.set("web", "v")
	const path = "/v1/endpoints/web"
	w.request("PATCH", path, `{"value":"v","parents":["router"]}`).wantWord(t, 200, `"changed":true`)
	if e := decoded[api.Endpoint](t, w.get(path)); strings.Join(e.Parents, " ") != "router" {
		t.Errorf("got %+v", e.Parents)
	}
	w.request("PATCH", path, `{"value":"v"}`).wantWord(t, 200, `"changed":false`)
	w.refuses("PATCH", path, 400, map[string]string{
		`{"value":"v","parents":["web"]}`:             "web",
		`{"value":"v","parents":["nothing"]}`:         "nothing",
		`{"value":"v","parents":["router","router"]}`: "twice",
	})
	w.refuses("PATCH", "/v1/endpoints/router", 400, map[string]string{`{"value":"v","parents":["web"]}`: "web"})

	w.decide("web", health.Up)
	w.decide("router", health.Down)
	for i := 1; i <= 3; i++ {
		w.vote(fmt.Sprintf("node%d", i), 0, map[string]health.Status{"web": health.Down})
	}
	held := decoded[api.Status](t, w.get("/v1/status/web")).Endpoints[0]
	if held.Agreed == nil || *held.Agreed != health.Down || len(held.HeldBackBy) != 1 || held.HeldBackBy[0].Kind != api.HeldByParent || held.HeldBackBy[0].Of != "router" {
		t.Errorf("got %+v, agreed %v", held.HeldBackBy, held.Agreed)
	}
	w.request("PATCH", path, `{"value":"v","parents":[]}`).wantWord(t, 200, `"changed":true`)
	if e := decoded[api.Status](t, w.get("/v1/status/web")).Endpoints[0]; len(e.HeldBackBy) != 0 {
		t.Errorf("without parents it is held back by %+v", e.HeldBackBy)
	}
}

// TestStatus_TellsOfPausesAndWindows: who wanted it, why and until when, of one
// endpoint and of the cluster.
func TestStatus_TellsOfPausesAndWindows(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.set("web", "v")
	w.decide("db", health.Up)
	w.request("POST", pausing, `{"prefix":"db","reason":"new disks","by":"anna","for":"2h"}`).wantWord(t, 200)
	w.request("PUT", nightly, fmt.Sprintf(`{"prefix":"d","reason":"backups","from":%q,"duration":"1h"}`, time.Now().Add(-time.Minute).Format(time.RFC3339))).wantWord(t, 200)
	for i := 1; i <= 3; i++ {
		w.vote(fmt.Sprintf("node%d", i), 0, map[string]health.Status{"db": health.Down})
	}
	s := decoded[api.Status](t, w.get("/v1/status"))
	held := s.Endpoints[0]
	kinds := map[string]api.Obstacle{}
	for _, o := range held.HeldBackBy {
		kinds[o.Kind] = o
	}
	if p := kinds[api.HeldByPause]; p.By != "anna" || p.Reason != "new disks" || time.Duration(p.For).Round(time.Minute) != 2*time.Hour || p.Until.IsZero() {
		t.Errorf("of the pause it tells %+v", p)
	}
	if m := kinds[api.HeldByMaintenance]; m.Of != "nightly" || m.Reason != "backups" || m.Until.IsZero() {
		t.Errorf("of the window it tells %+v", m)
	}
	if len(s.Endpoints[1].HeldBackBy) != 0 || len(s.Cluster.HeldBackBy) != 2 {
		t.Errorf("web is held back by %+v, in the cluster hold %+v", s.Endpoints[1].HeldBackBy, s.Cluster.HeldBackBy)
	}
	why := decoded[api.Why](t, w.get("/v1/why/db"))
	if len(why.HeldBackBy) != 2 || !strings.Contains(why.Needs, "has its quorum, and waits") {
		t.Errorf("why: %q, held back by %+v", why.Needs, why.HeldBackBy)
	}
}

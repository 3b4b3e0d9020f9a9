package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/backup"
)

// TestBlank_ANodeThatKnowsNothingDoesNotSayThatThereIsNothing: neither by what it
// shows, nor by what it waits for, nor by what it says a change would do. What it
// knows by itself it tells.
func TestBlank_ANodeThatKnowsNothingDoesNotSayThatThereIsNothing(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	var file bytes.Buffer
	if err := backup.Write(&file, w.View(), "node1", "", birth); err != nil {
		t.Fatal(err)
	}
	w.blank = true
	for _, path := range []string{
		"/v1/endpoints", "/v1/endpoints/web", "/v1/endpoints/web?index=1&wait=1m", "/v1/endpoints/web?consistency=leader",
		"/v1/status", "/v1/status?index=9&wait=1m", "/v1/status/web", "/v1/why/web", "/v1/events", "/v1/stream",
		"/v1/notifications", "/v1/pause", "/v1/maintenance", "/v1/maintenance/patch", "/v1/settings", "/v1/snapshot", "/v1/tokens",
		"/get?key=web", "/status", "/gossipstatus/web", "/detectordata", "/membersconsensus",
	} {
		a := w.get(path)
		a.wantWord(t, 503, "just started")
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("%s: headers %v", path, a.header)
		}
	}
	for _, r := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/endpoints:apply", `{"endpoints":[],"dry_run":true}`},
		{http.MethodPost, "/v1/endpoints/web/check", ""},
		{http.MethodPut, "/v1/snapshot?dry_run=true", file.String()},
		{http.MethodPut, "/v1/snapshot", file.String()},
		{http.MethodPost, "/v1/tokens", `{"name":"grafana","role":"read"}`},
		{http.MethodDelete, "/v1/tokens/grafana", ""},
	} {
		w.request(r.method, r.path, r.body).wantWord(t, 503, "just started")
	}
	for _, path := range []string{"/v1/members", "/v1/cluster", "/v1/node", "/livez", "/readyz", "/openapi.json", "/raftnodes", "/leader"} {
		w.get(path).wantWord(t, 200)
	}
	if m := decoded[api.Members](t, w.get("/v1/members")); !strings.Contains(m.Disagreement, "just started") {
		t.Errorf("who observes is not known, and it says %q", m.Disagreement)
	}
	w.request(http.MethodPut, "/v1/endpoints/db", `{"value":"v"}`).wantWord(t, 200) // the leader knows
	if w.writes != 1 {
		t.Errorf("%d writes", w.writes)
	}
}

func TestBlank_WhatDoesNotPassIsSaid(t *testing.T) {
	w := newWorld(t)
	w.blank, w.started = true, time.Now().Add(-2*time.Minute)
	w.get("/v1/endpoints/web").wantWord(t, 503, "a while ago", "which node1 leads", "log of this node")
	w.leader = api.LeaderInfo{}
	w.get("/v1/endpoints/web").wantWord(t, 503, "found no leader", "start the others", "tocsin recover majority")
}

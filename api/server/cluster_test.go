package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/api/server"
	"tocsin/fsm"
	"tocsin/health"
)

func TestSettings_AreReadAndReplaced(t *testing.T) {
	w := newWorld(t)
	read := w.get("/v1/settings")
	settings := decoded[fsm.ClusterSettings](t, read)
	if settings != fsm.DefaultClusterSettings() || read.header.Get("ETag") == "" {
		t.Fatalf("got %+v, %v", settings, read.header)
	}
	settings.Fall = 7
	put := w.putSettings(settings, "If-Match: "+read.header.Get("ETag"))
	if got := decoded[api.SettingsWritten](t, put); !got.Changed || got.Index != w.index || w.View().Settings().Fall != 7 {
		t.Errorf("got %+v, and the settings are %+v", got, w.View().Settings())
	}
	settings.Fall = 8
	w.putSettings(settings, "If-Match: "+read.header.Get("ETag")).wantWord(t, 412, "changed by somebody else")
	if now := w.get("/v1/settings").header.Get("ETag"); now != put.header.Get("ETag") {
		t.Errorf("written as %s, read as %s", put.header.Get("ETag"), now)
	}
	settings.Fall = 7
	if again := decoded[api.SettingsWritten](t, w.putSettings(settings)); again.Changed {
		t.Errorf("the same again changed something: %+v", again)
	}
}

func (w *world) putSettings(s fsm.ClusterSettings, header ...string) answer {
	w.t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.request("PUT", "/v1/settings", string(body), header...)
}

func TestSettings_AreRefusedWhole(t *testing.T) {
	w := newWorld(t)
	whole, err := json.Marshal(fsm.DefaultClusterSettings())
	if err != nil {
		t.Fatal(err)
	}
	for change, words := range map[[2]string][]string{
		{`"fall":3`, `"fall":0`}:                        {"fall 0"},
		{`"fall":3,`, ``}:                               {"fall are missing", "GET /v1/settings"},
		{`"cooldown":"30s"`, `"cooldown":null`}:         {"cooldown are missing"},
		{`"fall":3`, `"fal":3`}:                         {"fal", "did you mean"},
		{`"quorum":"majority"`, `"quorum":2`}:           {"half of the 5 observers"},
		{`"quorum":"majority"`, `"quorum":6`}:           {"more than the 5 observers"},
		{`"max_voters":5`, `"max_voters":10`}:           {"max_voters"},
		{`"notify":"notify.sh"`, `"notify":"gone.sh"`}:  {"notify", "put it there"},
		{`"ballot_refresh":"5s"`, `"ballot_refresh":5`}: {"ballot_refresh"},
	} {
		body := strings.Replace(string(whole), change[0], change[1], 1)
		if body == string(whole) {
			t.Fatalf("%s is not in %s", change[0], whole)
		}
		w.request("PUT", "/v1/settings", body).wantWord(t, 400, words...)
	}
	if w.View().Settings() != fsm.DefaultClusterSettings() {
		t.Errorf("what was refused has changed %+v", w.View().Settings())
	}
}

func TestMembers_AreWhatEachSaysOfThem(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	w.vote("node1", 0, map[string]health.Status{"web": health.Up})
	got := decoded[api.Members](t, w.get("/v1/members"))
	if len(got.Members) != 5 || got.Disagreement != "" {
		t.Fatalf("got %+v", got)
	}
	if m := got.Members[0]; m.Node != "node1" || !m.Leader || !m.Observer || m.InRaft != api.Voter || m.InGossip != api.Alive || !m.Fresh ||
		m.Raft != "127.0.0.1:7001" || m.HTTP != "127.0.0.1:6001" || m.Site == "" || m.Protocol != 1 {
		t.Errorf("got %+v", m)
	}
	if m := got.Members[1]; m.Leader || m.Fresh || m.HeardAgo != nil {
		t.Errorf("got %+v", m)
	}

	w.servers[1].Voter = false
	w.servers = append(w.servers, api.Server{Node: "node6", Address: "127.0.0.1:7006"})
	w.members[4].Alive = false
	got = decoded[api.Members](t, w.get("/v1/members"))
	if len(got.Members) != 6 || got.Members[1].InRaft != api.NonVoter || got.Members[4].InGossip != api.Dead ||
		got.Members[5].Observer || got.Members[5].InGossip != api.Absent {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(got.Disagreement, "node5") || !strings.Contains(got.Disagreement, "node6") {
		t.Errorf("the disagreement is %q", got.Disagreement)
	}
	w.membershipErr = errors.New("raft is shut down")
	w.get("/v1/members").wantWord(t, 503, "raft is shut down", "unavailable")
}

func TestOriginal_CanBeSwitchedOff(t *testing.T) {
	for mode, want := range map[server.OriginalMode]struct{ read, write int }{
		"": {200, 200}, server.OriginalOn: {200, 200}, server.OriginalRead: {200, 403}, server.OriginalOff: {403, 403},
	} {
		w := newWorld(t)
		w.original = mode
		w.set("a", "b")
		for target, status := range map[string]int{
			"/status": want.read, "/status/a": want.read, "/get?key=a": want.read, "/leader": want.read, "/gossipnodes": want.read,
			"/set?key=a&value=c": want.write, "/gossipleave": want.write, "/join?peerAddress=h:1": want.write,
			"/livez": 200, "/v1/status": 200,
		} {
			a := w.get(target)
			if a.status != status {
				t.Errorf("%q: %s: %d %q, want %d", mode, target, a.status, a.body, status)
			}
			if a.status == 403 && (!strings.Contains(a.body, "--original-api") || !strings.Contains(a.body, "/v1/") || strings.Count(a.body, "\n") != 1) {
				t.Errorf("%q: %s: %q", mode, target, a.body)
			}
		}
		if mode == server.OriginalOff && (w.writes > 0 || len(w.asked) > 0) {
			t.Errorf("off, and %d writes, asked %q", w.writes, w.asked)
		}
	}
}

// TestOriginal_SaysWhatTookItsPlace, and only the original does.
func TestOriginal_SaysWhatTookItsPlace(t *testing.T) {
	w := newWorld(t)
	w.set("a", "b")
	for target, successor := range map[string]string{
		"/set?key=a&value=b": "/v1/endpoints", "/get?key=nothing": "/v1/endpoints", "/status/a": "/v1/endpoints",
		"/gossipstatus": "/v1/status", "/leader": "/v1/members", "/gossipnodes": "/v1/members",
	} {
		h := w.get(target).header
		if h.Get("Link") != "<"+successor+`>; rel="successor-version"` || h.Get("Deprecation") != "@1795132800" {
			t.Errorf("%s: %v", target, h)
		}
		if a := w.request(http.MethodHead, successor, ""); a.status != 200 {
			t.Errorf("%s leads to %s, which answers %d", target, successor, a.status)
		}
	}
	for _, target := range []string{"/v1/status", "/livez", "/readyz", "/openapi.json"} {
		if h := w.get(target).header; h.Get("Deprecation") != "" || h.Get("Link") != "" {
			t.Errorf("%s: %v", target, h)
		}
	}
}

func TestCluster_IsRaftAsTheNodeSeesIt(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	w.vote("node1", 0, map[string]health.Status{"web": health.Up})
	w.servers[4].Voter = false
	w.servers = append(w.servers, api.Server{Node: "gone", Address: "127.0.0.1:7009", Voter: true})
	got := decoded[api.ClusterState](t, w.get("/v1/cluster"))
	if got.Node != "node2" || got.Leader != "node1" || got.Voters != 5 || got.Majority != 3 || got.MaxVoters != 5 || got.Raft.Term != term || len(got.Peers) != 6 {
		t.Errorf("got %+v", got)
	}
	if p := got.Peers[0]; !p.Leader || !p.Fresh || p.Part != api.Voter || !p.Observer {
		t.Errorf("got %+v", p)
	}
	if p := got.Peers[4]; p.Part != api.NonVoter || p.Leader || p.Fresh {
		t.Errorf("got %+v", p)
	}
	if p := got.Peers[5]; p.Observer {
		t.Errorf("got %+v", p)
	}
	w.membershipErr = errors.New("raft is shut down")
	w.get("/v1/cluster").wantWord(t, 503, "raft is shut down")
}

func TestMembers_AreSteeredByHand(t *testing.T) {
	w := newWorld(t)
	if got := decoded[api.MemberChanged](t, w.post("/v1/members", `{"raft":"127.0.0.1:7004"}`)); got.Node != "node4" || got.Changed {
		t.Errorf("one that is a member: %+v", got)
	}
	w.post("/v1/members", `{"raft":"nowhere"}`).wantWord(t, 400, "raft address")
	w.post("/v1/members", `{"address":"h:1"}`).wantWord(t, 400, "no field")
	decoded[api.MemberChanged](t, w.request("DELETE", "/v1/members/node4", ""))
	decoded[api.MemberChanged](t, w.request("DELETE", "/v1/members/node4?force=true", ""))
	w.request("DELETE", "/v1/members/node4?force=yes", "").wantWord(t, 400, "neither true nor false")
	if got := decoded[api.LeadTransferred](t, w.post("/v1/cluster/transfer-leader?node=node3", "")); got.Leader != "node3" || !got.Changed {
		t.Errorf("got %+v", got)
	}
	if got, want := strings.Join(w.asked, "; "), "join 127.0.0.1:7004; remove node4 false; remove node4 true; transfer node3"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	w.membershipErr = &fsm.Refusal{Code: fsm.Conflict, Message: "the quorum would be lost"}
	w.request("DELETE", "/v1/members/node4", "").wantWord(t, 409, "quorum would be lost")
	w.post("/v1/cluster/transfer-leader", "").wantWord(t, 409, "quorum")
}

// TestMembers_OnlyAChangeIsTold, with who made it.
func TestMembers_OnlyAChangeIsTold(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.logger = slog.New(slog.NewJSONHandler(&log, nil))
	w.post("/v1/members", `{"raft":"127.0.0.1:7004"}`).wantWord(t, 200, "node4")
	w.get("/join?peerAddress=127.0.0.1:7004").wantWord(t, 200, "ok")
	if strings.Contains(log.String(), "joined by hand") {
		t.Errorf("it was a member before, and the log says %s", &log)
	}
	w.request("DELETE", "/v1/members/node4", "").wantWord(t, 200)
	if !strings.Contains(log.String(), `"msg":"node removed by hand","component":"api","peer":"node4","by":"-"`) {
		t.Errorf("the log says %s", &log)
	}
}

func TestMembers_ArePreferredAsVoters(t *testing.T) {
	w := newWorld(t)
	w.post("/v1/members/node9/promote", "").wantWord(t, 404, "node9")
	if got := decoded[api.MemberChanged](t, w.post("/v1/members/node4/promote", "")); !got.Changed || got.Node != "node4" {
		t.Errorf("got %+v", got)
	}
	if got := decoded[api.MemberChanged](t, w.post("/v1/members/node4/promote", "")); got.Changed {
		t.Errorf("a second time: %+v", got)
	}
	if got := decoded[api.Members](t, w.get("/v1/members")).Members[3]; !got.Preferred {
		t.Errorf("got %+v", got)
	}
	settings := w.View().Settings()
	settings.MaxVoters = 1
	w.apply(fsm.ChangeSettings{Settings: settings})
	w.post("/v1/members/node3/promote", "").wantWord(t, 409, "max_voters is 1", "node4", "raise max_voters")
	decoded[api.MemberChanged](t, w.request("DELETE", "/v1/members/node4/promote", ""))
	if o, _ := w.View().Observer("node4"); o.Preferred {
		t.Error("it is still preferred")
	}
	// A new process of it is as preferred as the one before.
	w.post("/v1/members/node3/promote", "").wantWord(t, 200)
	w.apply(fsm.RegisterObserver{Node: "node3", Incarnation: "another", Raft: "127.0.0.1:7003", Gossip: "127.0.0.1:8003", HTTP: "127.0.0.1:6003"})
	if o, _ := w.View().Observer("node3"); !o.Preferred {
		t.Error("a restart has taken its preference")
	}
}

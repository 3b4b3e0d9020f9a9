package server_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

func TestOriginal_SetGetDel(t *testing.T) {
	w := newWorld(t)
	w.get("/set?key=ping&value=pong").want(t, 200, "ok")
	w.get("/get?key=ping").want(t, 200, "pong")
	w.get("/status").want(t, 200, `{"ping":"pong"}`)
	w.get("/set?key=ping&value=").want(t, 200, "ok")
	w.get("/get?key=ping").want(t, 200, "")
	w.get("/del?key=ping").want(t, 200, "ok")
	w.get("/get?key=ping").want(t, 404, "there is no endpoint \"ping\": see \"tocsin endpoint list\"\n")
	w.get("/del?key=ping").wantWord(t, 404, "there is no endpoint \"ping\"")
	w.get("/status").want(t, 200, "{}")
}

func TestOriginal_StatusIsInOrderAndPlain(t *testing.T) {
	w := newWorld(t)
	w.set("b", `<"&\>`)
	w.set("a", "http://h/?a=1&b=2")
	w.get("/status").want(t, 200, `{"a":"http://h/?a=1&b=2","b":"<\"&\\>"}`)
	w.get("/status/b").want(t, 200, `{"b":"<\"&\\>"}`)
	w.get("/status/").want(t, 200, `{"a":"http://h/?a=1&b=2","b":"<\"&\\>"}`)
	w.get("/status/c").wantWord(t, 404, `"c"`)
}

func TestOriginal_DetectorData(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "pong")
	w.set("quiet", "")
	w.samples["ping"] = []verify.Sample{
		{Status: health.Up, Time: birth, Reason: "fine"},
		{Status: health.Down, Time: birth.Add(1234567 * time.Microsecond)},
	}
	ping := `"ping":[{"Status":"UP","Time":"2026-11-20T16:00:00Z"},{"Status":"DOWN","Time":"2026-11-20T16:00:01.235Z"}]`
	w.get("/detectordata").want(t, 200, `{`+ping+`,"quiet":[]}`)
	w.get("/detectordata/ping").want(t, 200, `{`+ping+`}`)
	w.get("/detectordata/pong").wantWord(t, 404, "pong")
}

func TestOriginal_GossipStatus(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "pong")
	w.get("/gossipstatus").want(t, 200, `{"ping":{"PrevConsensus":"UNKNOWN","PrevEventTime":"0001-01-01T00:00:00Z","Consensus":{}}}`)

	w.decide("ping", health.Up)
	w.vote("node1", 0, map[string]health.Status{"ping": health.Up})
	w.vote("node3", time.Hour, map[string]health.Status{"ping": health.Down}) // stale, and shown with its time
	asked := time.Now()
	all := decoded[map[string]api.GossipStatus](t, w.get("/gossipstatus/ping"))
	e, _ := w.View().Endpoint("ping")
	got := all["ping"]
	if got.PrevConsensus != health.Up || !got.PrevEventTime.Equal(e.Since) || len(got.Consensus) != 2 {
		t.Errorf("got %+v", got)
	}
	if s := got.Consensus["node1"]; s.GossipStatus != health.Up || asked.Sub(s.TimeStamp).Abs() > 10*time.Second {
		t.Errorf("node1: got %+v", s)
	}
	if s := got.Consensus["node3"]; s.GossipStatus != health.Down || (asked.Sub(s.TimeStamp)-time.Hour).Abs() > 10*time.Second {
		t.Errorf("node3: got %+v", s)
	}

	// What was said about another value says nothing about this one.
	w.set("ping", "another")
	got = decoded[map[string]api.GossipStatus](t, w.get("/gossipstatus"))["ping"]
	if s := got.Consensus["node1"]; s.GossipStatus != health.Unknown {
		t.Errorf("after the change node1 still says %v", s.GossipStatus)
	}
}

func TestOriginal_Members(t *testing.T) {
	w := newWorld(t)
	slices.Reverse(w.servers)
	w.get("/leader").want(t, 200, "127.0.0.1:7001")
	w.get("/raftnodes").want(t, 200, `["127.0.0.1:7001","127.0.0.1:7002","127.0.0.1:7003","127.0.0.1:7004","127.0.0.1:7005"]`+"\n")
	w.get("/membersconsensus").want(t, 200, "ok")

	w.members[4].Alive = false
	w.get("/gossipnodes").want(t, 200, `["127.0.0.1:8001","127.0.0.1:8002","127.0.0.1:8003","127.0.0.1:8004"]`+"\n")
	w.get("/membersconsensus").want(t, 500, "node5 is in the raft configuration and an observer, but not alive in the gossip\n")

	w.servers = append(w.servers, api.Server{Node: "node6", Address: "127.0.0.1:7006"})
	w.get("/membersconsensus").wantWord(t, 500, "node5 is", "; node6 is in the raft configuration, but not alive in the gossip and not an observer")

	w.leader = api.LeaderInfo{}
	a := w.get("/leader")
	a.wantWord(t, 503, "no leader", "try again")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("503 without Retry-After: %v", a.header)
	}
	w.membershipErr = errors.New("raft is shut down")
	w.get("/raftnodes").wantWord(t, 503, "raft is shut down")
	w.get("/membersconsensus").wantWord(t, 503, "raft is shut down")
}

func TestOriginal_NobodyIsAListToo(t *testing.T) {
	w := newWorld(t)
	w.members, w.servers = nil, nil
	w.get("/gossipnodes").want(t, 200, "[]\n")
	w.get("/raftnodes").want(t, 200, "[]\n")
}

func TestOriginal_MembershipByHand(t *testing.T) {
	w := newWorld(t)
	w.get("/join?peerAddress=127.0.0.1:7006").want(t, 200, "ok")
	w.get("/leave?peerAddress=[::1]:7006").want(t, 200, "ok")
	w.get("/gossipjoin/127.0.0.1:8006,127.0.0.1:8007").want(t, 200, "ok")
	w.get("/gossipleave").wantWord(t, 200, "ok", "started again")
	want := []string{"join 127.0.0.1:7006", "leave [::1]:7006", "gossipjoin 127.0.0.1:8006 127.0.0.1:8007", "gossipleave"}
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked %q, want %q", w.asked, want)
	}
	w.get("/gossipjoin/127.0.0.1:1").wantWord(t, 503, "none of 127.0.0.1:1 answered")

	for target, word := range map[string]string{
		"/join":                           "peerAddress",
		"/join?peerAddress=":              "not like",
		"/join?peerAddress=127.0.0.1":     "not like",
		"/join?peerAddress=h:0":           "no port",
		"/join?peerAddress=h:70000":       "no port",
		"/join?peerAddress=http://h:7000": "not like",
		"/leave?peerAddress=h/x:7":        "alone",
		"/leave?address=h:7":              "knows peerAddress",
		"/gossipjoin/":                    "not like",
		"/gossipjoin/h:1,,h:2":            "not like",
		"/gossipleave?x=1":                "takes none",
	} {
		w.asked = nil
		w.get(target).wantWord(t, 400, word)
		if len(w.asked) > 0 {
			t.Errorf("%s was refused, and %q asked", target, w.asked)
		}
	}
	for err, want := range map[error]int{
		errors.New("connection refused"):                             503,
		&fsm.Refusal{Code: fsm.NotFound, Message: "no such node"}:    404,
		&fsm.Refusal{Code: fsm.Conflict, Message: "it is the other"}: 409,
		api.ErrNoLeader: 503,
	} {
		w.membershipErr = err
		for _, target := range []string{"/join?peerAddress=h:7000", "/leave?peerAddress=h:7000", "/gossipjoin/h:8000", "/gossipleave"} {
			if a := w.get(target); a.status != want {
				t.Errorf("%s with %v: got %d %q, want %d", target, err, a.status, a.body, want)
			}
		}
	}
}

func TestOriginal_WritesByGetAlone(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "pong")
	for _, target := range []string{"/set?key=ping&value=other", "/del?key=ping", "/join?peerAddress=h:1", "/gossipleave"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch} {
			a := w.request(method, target, "")
			a.wantWord(t, 405)
			if a.header.Get("Allow") != "GET" {
				t.Errorf("%s %s: Allow is %q", method, target, a.header.Get("Allow"))
			}
		}
	}
	w.get("/status").want(t, 200, `{"ping":"pong"}`)
	if len(w.asked) > 0 {
		t.Errorf("asked %q", w.asked)
	}
}

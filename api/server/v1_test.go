package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/api/server"
	"tocsin/fsm"
	"tocsin/health"
)

func TestEndpoints_PutGetDelete(t *testing.T) {
	w := newWorld(t)
	put := w.request("PUT", "/v1/endpoints/web", `{"value":"http://h/","settings":{"check":"http","interval":"5s","quorum":"4"},"labels":{"team":"a"}}`)
	written := decoded[api.Written](t, put)
	if want := (api.Written{Key: "web", Index: w.index, Changed: true, Added: true}); written != want {
		t.Errorf("got %+v, want %+v", written, want)
	}
	if again := decoded[api.Written](t, w.request("PUT", "/v1/endpoints/web", `{"value":"http://h/"}`)); again.Changed {
		t.Errorf("writing the same again changed something: %+v", again)
	}
	e := decoded[api.Endpoint](t, w.get("/v1/endpoints/web"))
	if e.Key != "web" || e.Value != "http://h/" || e.State != health.Unknown || e.Labels["team"] != "a" || e.Generation != written.Index {
		t.Errorf("got %+v", e)
	}
	if *e.Settings.Interval != fsm.Duration(5*time.Second) || e.Settings.Fall != nil {
		t.Errorf("its own settings are %+v", e.Settings)
	}
	if e.Effective.Check != fsm.CheckHTTP || e.Effective.Fall != 3 || e.Effective.Quorum != 4 {
		t.Errorf("the settings that hold are %+v", e.Effective)
	}

	w.request("PATCH", "/v1/endpoints/web", `{"value":"http://h/","settings":{"fall":5},"labels":{"tier":"1"}}`).wantWord(t, 200)
	merged := decoded[api.Endpoint](t, w.request("GET", "/v1/endpoints/web", ""))
	if merged.Effective.Check != fsm.CheckHTTP || merged.Effective.Fall != 5 || len(merged.Labels) != 2 {
		t.Errorf("after a patch that names a fall and a label the endpoint is %+v", merged)
	}
	w.request("PUT", "/v1/endpoints/web", `{"value":"http://other/","settings":{},"labels":{}}`).wantWord(t, 200)
	if e := decoded[api.Endpoint](t, w.get("/v1/endpoints/web")); e.Settings.Interval != nil || len(e.Labels) != 0 {
		t.Errorf("the settings were to be dropped, and are %+v %v", e.Settings, e.Labels)
	}
	if d := decoded[api.Written](t, w.request("DELETE", "/v1/endpoints/web", "")); !d.Changed || d.Key != "web" {
		t.Errorf("got %+v", d)
	}
	w.request("DELETE", "/v1/endpoints/web", "").wantWord(t, 404, `"detail":"`, "web")
	w.get("/v1/endpoints/web").wantWord(t, 404, `"detail":"`, "web")
}

func TestEndpoints_Prefix(t *testing.T) {
	w := newWorld(t)
	w.get("/v1/endpoints").want(t, 200, `{"endpoints":[]}`+"\n")
	for _, key := range []string{"b/2", "a", "b/1", "c"} {
		w.set(key, "")
	}
	for query, want := range map[string]string{"": "a b/1 b/2 c", "?prefix=": "a b/1 b/2 c", "?prefix=b/": "b/1 b/2", "?prefix=x": ""} {
		var keys []string
		for _, e := range decoded[api.Endpoints](t, w.get("/v1/endpoints"+query)).Endpoints {
			keys = append(keys, e.Key)
		}
		if got := strings.Join(keys, " "); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

func TestEndpoints_BadBodies(t *testing.T) {
	w := newWorld(t)
	for body, words := range map[string][]string{
		"":                                   {"empty"},
		"{}":                                 {"value is missing"},
		`{"value":null}`:                     {"value is missing"},
		`{"value":1}`:                        {"value", "number"},
		`[]`:                                 {"JSON object"},
		`{"value":"v"`:                       {"JSON"},
		`{"value":"v"} {}`:                   {"behind the end"},
		`{"value":"v","colour":"red"}`:       {"colour", "the fields are"},
		`{"value":"v","settings":{"fal":3}}`: {"fal", `did you mean \"fall\"?`},
		`{"value":"v","settings":{"interval":"soon"}}`:     {"soon", "10s"},
		`{"value":"v","settings":{"interval":"0s"}}`:       {"interval"},
		`{"value":"v","settings":{"quorum":"2"}}`:          {"half"},
		`{"value":"v","settings":{"quorum":"9"}}`:          {"9"},
		`{"value":"v","settings":{"check":"ping"}}`:        {"ping", "nagios"},
		`{"value":"v","settings":{"timeout_is":"UP"}}`:     {"timeout_is"},
		`{"value":"v","settings":{"verify":"nothere.sh"}}`: {"verify", "nothere.sh", "put it there"},
		`{"value":"v","settings":{"notify":"/bin/sh"}}`:    {"notify"},
		`{"value":"v","labels":{"":"x"}}`:                  {"label"},
		`{"value":"a\nb"}`:                                 {"control character"},
	} {
		a := w.request("PUT", "/v1/endpoints/k", body)
		a.wantWord(t, 400, append(words, `"detail":"`)...)
	}
	big := `{"value":"` + strings.Repeat("v", 2<<20) + `"}`
	w.request("PUT", "/v1/endpoints/k", big).wantWord(t, 413, "too large")
	w.request("PUT", "/v1/endpoints/%00", `{"value":""}`).wantWord(t, 400, "control character")
	if n := w.View().EndpointCount(); n != 0 {
		t.Errorf("%d endpoints were made by what was refused", n)
	}
	// The largest there may be, in the longest way to write it.
	widest := `{"value":"` + strings.Repeat(`\u0041`, fsm.MaxValue) + `"}`
	w.request("PUT", "/v1/endpoints/k", widest).wantWord(t, 200)
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	empty := decoded[api.Status](t, w.get("/v1/status"))
	if empty.Endpoints == nil || len(empty.Endpoints) != 0 || empty.Cluster.ID != clusterName || empty.Cluster.Node != "node2" ||
		empty.Cluster.Leader != "node1" || empty.Cluster.Quorum != 3 || len(empty.Cluster.Observers) != 5 || empty.Cluster.Index != w.index {
		t.Errorf("got %+v", empty)
	}
	w.set("web", "v")
	w.set("db", "v")
	id := w.decide("web", health.Up)
	for i := 1; i <= 3; i++ {
		w.vote(fmt.Sprintf("node%d", i), 0, map[string]health.Status{"web": health.Up, "db": health.Down})
	}
	w.vote("node4", time.Hour, map[string]health.Status{"web": health.Down})

	s := decoded[api.Status](t, w.get("/v1/status"))
	if len(s.Endpoints) != 2 || s.Endpoints[0].Key != "db" || s.Endpoints[1].Key != "web" {
		t.Fatalf("got %+v", s.Endpoints)
	}
	db, web := s.Endpoints[0], s.Endpoints[1]
	if web.State != health.Up || web.LastEvent != id || web.Since.IsZero() || web.Quorum != 3 || len(web.Votes) != 5 ||
		web.Tally != (api.Tally{Up: 3, Unknown: 2}) || web.Missing != "" || web.Agreed != nil {
		t.Errorf("web: got %+v", web)
	}
	if v := web.Votes[4]; v.Node != "node5" || v.Excluded != api.ExcludedNoBallot {
		t.Errorf("node5 on web: got %+v", v)
	}
	if v := web.Votes[3]; v.Node != "node4" || v.Excluded != api.ExcludedStale || time.Duration(v.Age) < time.Hour {
		t.Errorf("node4 on web: got %+v", v)
	}
	if db.State != health.Unknown || db.Agreed == nil || *db.Agreed != health.Down || !db.Since.IsZero() {
		t.Errorf("db: got %+v", db)
	}
	for i, o := range s.Cluster.Observers {
		if fresh := i < 3; o.Fresh != fresh || (o.HeardAgo == nil) != (i == 4) {
			t.Errorf("observer %d: got %+v", i, o)
		}
	}

	one := decoded[api.Status](t, w.get("/v1/status/web"))
	if len(one.Endpoints) != 1 || one.Endpoints[0].Key != "web" || one.Cluster.Endpoints != 2 {
		t.Errorf("got %+v", one)
	}
	w.get("/v1/status/nothing").wantWord(t, 404, `"detail":"`, "nothing")
}

func TestStatus_ShowsTheWarnings(t *testing.T) {
	w := newWorld(t)
	if s := decoded[api.Status](t, w.get("/v1/status")); len(s.Cluster.Warnings) != 0 {
		t.Errorf("it warns of %+v", s.Cluster.Warnings)
	}
	w.warned = []api.Warning{{Code: api.WarnSilent, Node: "node3", Text: "node3 is not heard; see that it runs"}}
	if s := decoded[api.Status](t, w.get("/v1/status")); !slices.Equal(s.Cluster.Warnings, w.warned) {
		t.Errorf("it warns of %+v, want %+v", s.Cluster.Warnings, w.warned)
	}
}

func TestStatus_ShowsWhoAbstains(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	w.vote("node1", 0, map[string]health.Status{"web": health.Up})
	w.abstain("node2", 0, "none of 2 canaries answers")
	w.abstain("node3", time.Hour, "none of 2 canaries answers")

	s := decoded[api.Status](t, w.get("/v1/status"))
	if v := s.Endpoints[0].Votes[1]; v.Verdict != health.Unknown || v.Excluded != "" || v.Reason != "abstains: none of 2 canaries answers" {
		t.Errorf("the vote of who abstains: %+v", v)
	}
	if tally := s.Endpoints[0].Tally; tally != (api.Tally{Up: 1, Unknown: 4}) {
		t.Errorf("tally %+v, want one UP and the rest unknown", tally)
	}
	for i, want := range []string{"", "none of 2 canaries answers", "", "", ""} {
		if got := s.Cluster.Observers[i].Abstains; got != want {
			t.Errorf("node%d abstains: %q, want %q", i+1, got, want)
		}
	}
	if !s.Cluster.Observers[1].Fresh {
		t.Error("who abstains is said to be silent")
	}
}

func TestStatus_ShowsWhoVotesInRaft(t *testing.T) {
	w := newWorld(t)
	w.servers[1].Voter = false     // catches up
	w.servers = w.servers[:4]      // node5 is not in the configuration yet
	w.servers[3].Address = "moved" // it is the name that counts
	for i, o := range decoded[api.Status](t, w.get("/v1/status")).Cluster.Observers {
		if want := i != 1 && i != 4; o.Voter == nil || *o.Voter != want {
			t.Errorf("%s: voter %v, want %v", o.Node, o.Voter, want)
		}
	}
	w.membershipErr = errors.New("raft is shut down")
	for _, o := range decoded[api.Status](t, w.get("/v1/status")).Cluster.Observers {
		if o.Voter != nil {
			t.Errorf("%s: voter %v, though nobody can tell", o.Node, *o.Voter)
		}
	}
}

// A number that is a word for its settings, as quorum, is read either way.
func TestEndpoints_QuorumIsAWordOrANumber(t *testing.T) {
	for written, want := range map[string]fsm.Quorum{`3`: 3, `"3"`: 3, `"majority"`: fsm.Majority, `5`: 5} {
		w := newWorld(t)
		w.request("PUT", "/v1/endpoints/web", `{"value":"v","settings":{"quorum":`+written+`}}`).wantWord(t, 200)
		if e := decoded[api.Endpoint](t, w.get("/v1/endpoints/web")); e.Settings.Quorum == nil || *e.Settings.Quorum != want {
			t.Errorf("quorum %s: the settings are %+v", written, e.Settings)
		}
	}
	w := newWorld(t)
	for _, written := range []string{`2`, `2.5`, `-3`, `true`, `[3]`} {
		w.request("PUT", "/v1/endpoints/web", `{"value":"v","settings":{"quorum":`+written+`}}`).wantWord(t, 400, "quorum")
	}
}

func TestStatus_SaysWhatIsMissingAndHeldBack(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	w.decide("web", health.Up)
	for _, node := range []string{"node1", "node2"} {
		w.vote(node, 0, map[string]health.Status{"web": health.Down})
	}
	e := decoded[api.Status](t, w.get("/v1/status/web")).Endpoints[0]
	if !strings.Contains(e.Missing, "DOWN") || e.Agreed != nil || len(e.HeldBackBy) != 0 {
		t.Errorf("with two of three votes: %+v", e)
	}
	w.decide("web", health.Down) // a notified event, from which the cooldown counts
	for i := 1; i <= 3; i++ {
		w.vote(fmt.Sprintf("node%d", i), 0, map[string]health.Status{"web": health.Up})
	}
	e = decoded[api.Status](t, w.get("/v1/status/web")).Endpoints[0]
	if e.Agreed == nil || *e.Agreed != health.Up || len(e.HeldBackBy) != 1 || e.HeldBackBy[0].Kind != api.HeldByCooldown ||
		e.HeldBackBy[0].For <= 0 || time.Duration(e.HeldBackBy[0].For) > 30*time.Second {
		t.Errorf("within the cooldown: %+v", e)
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.get("/v1/events").want(t, 200, `{"events":[],"more":false,"first_kept":0,"last":0}`+"\n")
	w.set("a", "1")
	w.set("b", "2")
	ids := []uint64{
		w.decide("a", health.Up), w.decide("b", health.Down), w.decide("a", health.Down), w.decide("b", health.Up), w.decide("a", health.Up),
	}
	w.apply(fsm.RecordOutcome{Outcome: fsm.Outcome{Event: ids[2], Node: "node2", Role: fsm.Follower, Ending: fsm.Done, Attempt: 1, Time: birth}})
	w.apply(fsm.RecordOutcome{Outcome: fsm.Outcome{Event: ids[2], Node: "node1", Role: fsm.Leader, Ending: fsm.GaveUp, Attempt: 1, ExitCode: 3, Time: birth}})

	for query, want := range map[string]struct {
		ids  []uint64
		more bool
	}{
		"":                                     {ids, false},
		"?limit=2":                             {ids[3:], true},
		"?limit=5":                             {ids, false},
		"?after=0":                             {ids, false},
		"?after=0&limit=2":                     {ids[:2], true},
		"?key=b":                               {[]uint64{ids[1], ids[3]}, false},
		"?key=a&limit=1":                       {ids[4:], true},
		"?key=zzz":                             {nil, false},
		"?key=a&after=0&limit=1":               {ids[:1], true},
		fmt.Sprintf("?after=%d", ids[1]):       {ids[2:], false},
		fmt.Sprintf("?after=%d", ids[4]):       {nil, false},
		fmt.Sprintf("?after=%d&key=b", ids[0]): {[]uint64{ids[1], ids[3]}, false},
		"?after=9223372036854775807":           {nil, false},
	} {
		got := decoded[api.Events](t, w.get("/v1/events"+query))
		var gotIDs []uint64
		for _, e := range got.Events {
			gotIDs = append(gotIDs, e.ID)
		}
		if fmt.Sprint(gotIDs) != fmt.Sprint(want.ids) || got.More != want.more || got.FirstKept != ids[0] || got.Last != ids[4] {
			t.Errorf("%q: got %v more %v (%d to %d), want %v more %v", query, gotIDs, got.More, got.FirstKept, got.Last, want.ids, want.more)
		}
	}
	e := decoded[api.Events](t, w.get("/v1/events")).Events[2]
	if e.Key != "a" || e.From != health.Up || e.To != health.Down || e.Baseline || len(e.Votes) != 5 || e.Tally != (api.Tally{Down: 5}) {
		t.Errorf("got %+v", e)
	}
	if len(e.Outcomes) != 2 || e.Outcomes["node2"].Ending != fsm.Done || e.Outcomes["node1"].ExitCode != 3 {
		t.Errorf("got outcomes %+v", e.Outcomes)
	}
}

// TestEvents_AreReadable holds that times are told to the millisecond, and that
// telling them changes nothing in the state.
func TestEvents_AreReadable(t *testing.T) {
	w := newWorld(t)
	w.set("a", "1")
	e, _ := w.View().Endpoint("a")
	exact := birth.Add(123456789)
	w.apply(fsm.Transition{
		Key: "a", Basis: w.View().Basis(e), To: health.Up, Term: term, Time: exact, Leader: "node1",
		Votes: []fsm.Vote{{Node: "node1", Verdict: health.Up, Age: 1234567}},
	})
	told := decoded[api.Events](t, w.get("/v1/events")).Events[0]
	if want := birth.Add(123 * time.Millisecond); !told.Time.Equal(want) || told.Votes[0].Age != 1_000_000 {
		t.Errorf("got %v and an age of %v", told.Time, told.Votes[0].Age)
	}
	kept, _ := w.View().Event(told.ID)
	if !kept.Time.Equal(exact) || kept.Votes[0].Age != 1234567 {
		t.Errorf("the state was changed to %v and %v", kept.Time, kept.Votes[0].Age)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	w.get("/livez").want(t, 200, "ok")
	w.get("/readyz").want(t, 200, `{"ready":true,"node":"node2","leader":"node1","index":0,"commit_index":0,"problems":[]}`+"\n")
	w.ready = api.Readiness{Node: "node2", Index: 3, CommitIndex: 9, Problems: []string{"there is no leader"}}
	a := w.get("/readyz")
	a.want(t, 503, `{"ready":false,"node":"node2","leader":"","index":3,"commit_index":9,"problems":["there is no leader"]}`+"\n")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("headers %v", a.header)
	}
	w.get("/livez").want(t, 200, "ok")
}

// TestErrors holds each error against the answer on both kinds of paths.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		word   string
	}{
		{api.ErrNoLeader, 503, "no-leader", "nothing was done"},
		{fmt.Errorf("propose: %w", api.ErrUncertain), 503, "uncertain", "repeat it, which is safe"},
		{context.DeadlineExceeded, 503, "uncertain", "repeat it, which is safe"},
		{context.Canceled, 503, "uncertain", "repeat it, which is safe"},
		{api.ErrUnreachable, 503, "no-leader", "reached"},
		{fmt.Errorf("transfer: %w", api.ErrIncomplete), 503, "unavailable", "nothing was done"},
		{api.ErrNotLeader{}, 503, "no-leader", "try again"},
		{fmt.Errorf("read: %w", api.ErrBehind), 503, "behind", "consistency=stale"},
		{&fsm.Refusal{Code: fsm.NotFound, Message: "there is none"}, 404, "not-found", "there is none"},
		{&fsm.Refusal{Code: fsm.Invalid, Message: "no sense"}, 400, "invalid", "no sense"},
		{&fsm.Refusal{Code: fsm.Conflict, Message: "too late"}, 409, "conflict", "too late"},
		{&fsm.Refusal{Code: "newer", Message: "who knows"}, 400, "newer", "who knows"},
		{errors.New("first line\nsecond line"), 500, "", "should not have happened"},
	} {
		w := newWorld(t)
		w.proposeErr = c.err
		text := w.get("/set?key=a&value=b")
		text.wantWord(t, c.status, c.word)
		if strings.Count(text.body, "\n") != 1 || !strings.HasSuffix(text.body, "\n") {
			t.Errorf("%v: not one line: %q", c.err, text.body)
		}
		data := w.request("DELETE", "/v1/endpoints/a", "")
		data.wantWord(t, c.status, c.word, `"detail":"`)
		if c.code != "" && !strings.Contains(data.body, `"code":"`+c.code+`"`) {
			t.Errorf("%v: no code %s in %s", c.err, c.code, data.body)
		}
		if has := data.header.Get("Retry-After") == "1"; has != (c.status == 503) {
			t.Errorf("%v: Retry-After is %q", c.err, data.header.Get("Retry-After"))
		}
	}
}

func TestPanic_IsAnsweredAndLogged(t *testing.T) {
	w := newWorld(t)
	w.samples = nil
	h := server.New(server.Config{State: w, Writer: w, Samples: nil, Scripts: w, Membership: w, Health: nil, Peer: w})
	send(h, "GET", "/readyz", "").wantWord(t, 500, "log of the node")
	send(h, "GET", "/livez", "").want(t, 200, "ok")
}

func TestPanic_AbortIsPassedOn(t *testing.T) {
	w := newWorld(t)
	w.registered = func(peer.Registration) (peer.Welcome, error) { panic(http.ErrAbortHandler) }
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("got %v", got)
		}
	}()
	w.register(registration)
	t.Error("it went on")
}

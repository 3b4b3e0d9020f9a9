package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/cli"
	"tocsin/fsm"
	"tocsin/health"
)

// fakeNode answers each request with the next of its answers, the last one for
// ever, and remembers what it was asked.
type fakeNode struct {
	address string

	mu      sync.Mutex
	answers []any // an api struct is 200, a problem is a problem, a string is text
	asked   []string
	// authorization is what was shown last.
	authorization string
}

type problem struct {
	status int
	api.Problem
}

func newFakeNode(t *testing.T, answers ...any) *fakeNode {
	t.Helper()
	n := &fakeNode{answers: answers}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.address = server.Listener.Addr().String()
	return n
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	asked := r.Method + " " + r.RequestURI
	if tag := r.Header.Get("If-Match"); tag != "" {
		asked += " If-Match:" + tag
	}
	n.authorization = r.Header.Get("Authorization")
	n.asked = append(n.asked, strings.TrimSpace(asked+" "+string(body)))
	w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(len(n.asked))))
	answer := n.answers[0]
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	switch a := answer.(type) {
	case string:
		fmt.Fprint(w, a)
	case problem:
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.Problem)
	default:
		_ = json.NewEncoder(w).Encode(a)
	}
}

// wrote returns the last request that was no question.
func (n *fakeNode) wrote() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, asked := range slices.Backward(n.asked) {
		if !strings.HasPrefix(asked, "GET ") {
			return asked
		}
	}
	return ""
}

// lastAsked returns what the node was asked last.
func (n *fakeNode) lastAsked() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.asked) == 0 {
		return ""
	}
	return n.asked[len(n.asked)-1]
}

// tocsin runs a command against n.
func (n *fakeNode) tocsin(args ...string) (code int, stdout, stderr string) {
	var out, words bytes.Buffer
	code = cli.Main(append(args, "--address", n.address), &out, &words)
	return code, out.String(), words.String()
}

func TestSet(t *testing.T) {
	n := newFakeNode(t, api.Written{Key: "k", Index: 9, Changed: true})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"web", "http://h/"}, `PATCH /v1/endpoints/web {"value":"http://h/"}`},
		{[]string{"a/b c%", ""}, `PATCH /v1/endpoints/a%2Fb%20c%25 {"value":""}`},
		{[]string{"..", "v"}, `PATCH /v1/endpoints/%2E%2E {"value":"v"}`},
		{
			[]string{"k", "v", "--interval", "5s", "--check", "http", "--quorum", "4", "--sites", "off", "--timeout-is", "down", "--cooldown", "9"},
			`PATCH /v1/endpoints/k {"value":"v","settings":{"interval":"5s","timeout_is":"DOWN","quorum":"4","sites":"off","cooldown":"9s","check":"http"}}`,
		},
		{[]string{"k", "v", "--label", "a=1", "--label", "b=x,y=z"}, `PATCH /v1/endpoints/k {"value":"v","labels":{"a":"1","b":"x,y=z"}}`},
		{[]string{"k", "v", "--plain"}, `PUT /v1/endpoints/k {"value":"v","settings":{},"labels":{},"parents":[]}`},
		{[]string{"k", "v", "--plain", "--fall", "1"}, `PUT /v1/endpoints/k {"value":"v","settings":{"fall":1},"labels":{},"parents":[]}`},
		{[]string{"k", "v", "--parent", "router", "--parent", "a,b"}, `PATCH /v1/endpoints/k {"value":"v","parents":["router","a,b"]}`},
		{[]string{"k", "v", "--parent", ""}, `PATCH /v1/endpoints/k {"value":"v","parents":[]}`},
	} {
		code, stdout, stderr := n.tocsin(append([]string{"set"}, c.args...)...)
		if code != 0 || stdout != "changed\n" || stderr != "" {
			t.Errorf("set %q: %d %q %q", c.args, code, stdout, stderr)
		}
		if got := n.lastAsked(); got != c.want {
			t.Errorf("set %q asked\n%s, want\n%s", c.args, got, c.want)
		}
	}
}

// TestSet_SaysWhatItTook, and so does planning a window.
func TestSet_SaysWhatItTook(t *testing.T) {
	for want, answer := range map[string][2]bool{"added": {true, true}, "changed": {true, false}, "unchanged": {false, false}} {
		changed, added := answer[0], answer[1]
		n := newFakeNode(t, api.Written{Key: "k", Changed: changed, Added: added})
		if code, stdout, stderr := n.tocsin("set", "k", "v"); code != 0 || stdout != want+"\n" || stderr != "" {
			t.Errorf("set: %d %q %q, want %s", code, stdout, stderr, want)
		}
		n = newFakeNode(t, api.HoldWritten{Changed: changed, Added: added})
		if code, stdout, stderr := n.tocsin("maintenance", "add", "w", "--all", "--cron", "0 2 * * *", "--for", "1h"); code != 0 || stdout != want+"\n" || stderr != "" {
			t.Errorf("maintenance add: %d %q %q, want %s", code, stdout, stderr, want)
		}
	}
}

// TestClients_TakeNoVariablesOfScripts holds that a command that a notification
// script calls is not led astray by the variables of the script.
func TestClients_TakeNoVariablesOfScripts(t *testing.T) {
	for _, name := range []string{"KEY", "VALUE", "NODE", "NOTIFY", "VERIFY", "CHECK", "INTERVAL", "OUTPUT", "AFTER", "LIMIT"} {
		t.Setenv("TOCSIN_"+name, "nonsense")
	}
	n := newFakeNode(t, api.Written{})
	if code, _, stderr := n.tocsin("set", "k", "v"); code != 0 || n.lastAsked() != `PATCH /v1/endpoints/k {"value":"v"}` {
		t.Errorf("set: %d %q, asked %q", code, stderr, n.lastAsked())
	}
	n = newFakeNode(t, api.Events{})
	if code, _, stderr := n.tocsin("events"); code != 0 || n.lastAsked() != `GET /v1/events?limit=100` {
		t.Errorf("events: %d %q, asked %q", code, stderr, n.lastAsked())
	}
}

func TestGetAndDel(t *testing.T) {
	n := newFakeNode(t, api.Endpoint{Key: "k", Value: "the value"})
	if code, stdout, _ := n.tocsin("get", "k"); code != 0 || stdout != "the value\n" || n.lastAsked() != "GET /v1/endpoints/k" {
		t.Errorf("get: %d %q, asked %q", code, stdout, n.lastAsked())
	}
	if code, stdout, _ := n.tocsin("get", "k", "-o", "json"); code != 0 || !strings.Contains(stdout, "\n  \"value\": \"the value\",\n") {
		t.Errorf("get as JSON: %d %q", code, stdout)
	}
	n = newFakeNode(t, api.Written{Key: "k"})
	if code, stdout, _ := n.tocsin("del", "k"); code != 0 || stdout != "ok\n" || n.lastAsked() != "DELETE /v1/endpoints/k" {
		t.Errorf("del: %d %q, asked %q", code, stdout, n.lastAsked())
	}
	n = newFakeNode(t, problem{404, api.Problem{Detail: `there is no endpoint "k"`}})
	for _, command := range []string{"get", "del", "status"} {
		code, stdout, stderr := n.tocsin(command, "k")
		if code != 1 || stdout != "" || !strings.HasSuffix(stderr, "there is no endpoint \"k\"\n") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: %d %q %q", command, code, stdout, stderr)
		}
	}
}

func TestClient_TriesTheNextAddress(t *testing.T) {
	n := newFakeNode(t, api.Endpoint{Key: "k", Value: "v"})
	busy := newFakeNode(t, problem{503, api.Problem{Detail: "no leader", Code: api.CodeNoLeader}})
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"get", "k", "--address", "127.0.0.1:1," + busy.address + "," + n.address}, &stdout, &stderr)
	if code != 0 || stdout.String() != "v\n" || stderr.Len() > 0 {
		t.Errorf("%d %q %q", code, &stdout, &stderr)
	}
}

func TestClient_AnswersOfStrangers(t *testing.T) {
	n := newFakeNode(t, "<html>hello</html>")
	if code, stdout, stderr := n.tocsin("status"); code != 1 || stdout != "" || !strings.Contains(stderr, "is it a node of Tocsin") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	n = newFakeNode(t, problem{418, api.Problem{}})
	if code, _, stderr := n.tocsin("get", "k"); code != 1 || !strings.Contains(stderr, "418") {
		t.Errorf("%d %q", code, stderr)
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func cluster() api.Cluster {
	c := api.Cluster{ID: "c", Node: "node1", Leader: "node2", Index: 9, Time: noon, Quorum: 3, Sites: 2}
	for i := range 5 {
		c.Observers = append(c.Observers, api.Observer{Node: fmt.Sprintf("node%d", i+1), Fresh: true, HeardAgo: new(fsm.Duration(time.Second))})
	}
	return c
}

func fiveVotes(verdict health.Status) []fsm.Vote {
	var votes []fsm.Vote
	for i := range 5 {
		votes = append(votes, fsm.Vote{Node: fmt.Sprintf("node%d", i+1), Site: "paris", Verdict: verdict, Age: fsm.Duration(1500 * time.Millisecond)})
	}
	return votes
}

func endpoint(key string, state health.Status) api.EndpointStatus {
	return api.EndpointStatus{
		Key: key, Value: "http://h/", State: state, Since: noon.Add(-90 * time.Second), LastEvent: 7, Quorum: 3, Sites: 2, Votes: fiveVotes(state),
	}
}

func TestStatus_Empty(t *testing.T) {
	n := newFakeNode(t, api.Status{Cluster: cluster()})
	want := `leader node2, 5 of 5 nodes heard by node1, quorum 3 of 5 from 2 sites

No endpoint is watched yet. Add the first one:
  tocsin set web http://10.0.0.1/health --check http
`
	if code, stdout, stderr := n.tocsin("status"); code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
}

func TestStatus_WarnsInLinesThatFit(t *testing.T) {
	c := cluster()
	c.Observers[3].Fresh, c.Observers[3].HeardAgo = false, nil
	c.Warnings = []api.Warning{
		{Code: api.WarnSiteMajority, Text: "nothing is decided any more when the site paris (3 of 5 voters) is lost; a node at a third site, that votes, would prevent that"},
		{Code: api.WarnSilent, Node: "node4", Text: "node4 is named already"},
		{Code: api.WarnSilent, Node: "node5", Text: "node5\x1b[31m is not heard in the gossip"},
	}
	n := newFakeNode(t, api.Status{Cluster: c})
	want := `leader node2, 4 of 5 nodes heard by node1, quorum 3 of 5 from 2 sites
not heard: node4 (never)
warning: nothing is decided any more when the site paris (3 of 5 voters) is
  lost; a node at a third site, that votes, would prevent that
warning: node5�[31m is not heard in the gossip
`
	code, stdout, stderr := n.tocsin("status")
	if code != 0 || !strings.HasPrefix(stdout, want) || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
}

func TestStatus_Table(t *testing.T) {
	c := cluster()
	c.Leader = ""
	c.Observers[3].Fresh, c.Observers[3].HeardAgo = false, new(fsm.Duration(72*time.Second))
	c.Observers[4].Fresh, c.Observers[4].HeardAgo = false, nil
	c.HeldBackBy = []api.Obstacle{{Kind: api.HeldByPause, Text: "a pause of all endpoints holds any change back until somebody resumes (anna: new switches)"}}
	c.Observers[2].Abstains = "none of 2 canaries answers"
	for i := range c.Observers {
		c.Observers[i].Protocol = 2
	}
	c.Observers[0].Protocol, c.Observers[1].Protocol, c.Observers[1].Version = 1, 1, "0.9"
	web := endpoint("web", health.Up)
	db := endpoint("db\x1b[31m\t", health.Down)
	db.Votes[0].Verdict, db.Votes[1].Excluded, db.Votes[2].Verdict = health.Up, api.ExcludedStale, health.Up
	db.Votes[3].Excluded, db.Votes[4].Excluded = api.ExcludedNoBallot, "older process"
	db.Missing = "UP needs 3 of 5 votes"
	young := endpoint("new", health.Unknown)
	young.Since, young.Agreed = time.Time{}, new(health.Up)
	held := endpoint("held", health.Up)
	held.Agreed, held.HeldBackBy = new(health.Down), []api.Obstacle{{Kind: api.HeldByCooldown, Text: "the cooldown holds the change back for another 12s"}}
	n := newFakeNode(t, api.Status{Cluster: c, Endpoints: []api.EndpointStatus{db, held, young, web}})
	want := `leader none, 3 of 5 nodes heard by node1, quorum 3 of 5 from 2 sites
not heard: node4 (1m12s ago), node5 (never)
node3 abstains: none of 2 canaries answers
held back: a pause of all endpoints holds any change back until somebody
  resumes (anna: new switches)
older version: node1, node2 (0.9): what came with protocol 2 waits until they
  are upgraded too, or taken out
Without a leader nothing is decided: fewer than a majority of the nodes can talk
to each other.

KEY       STATE    SINCE      VOTES
db�[31m�  DOWN     1m30s ago  2 up 1 stale 1 missing 1 not counted
held      UP       1m30s ago  5 up
new       UNKNOWN  -          5 unknown
web       UP       1m30s ago  5 up

Not settled:
  db�[31m�: UP needs 3 of 5 votes
  held: DOWN is agreed; the cooldown holds the change back for another 12s
  new: UP is agreed, the leader is about to commit it
`
	if code, stdout, stderr := n.tocsin("status"); code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
}

func TestStatus_One(t *testing.T) {
	web := endpoint("web", health.Down)
	web.Votes[0].Reason = "connection refused"
	web.Votes[1].Verdict, web.Votes[1].Excluded, web.Votes[1].Age = health.Up, api.ExcludedStale, fsm.Duration(61*time.Second)
	web.Votes[2].Verdict, web.Votes[2].Excluded, web.Votes[2].Age, web.Votes[2].Site = health.Unknown, api.ExcludedNoBallot, 0, ""
	web.Labels = map[string]string{"team": "storage", "city": "paris"}
	web.HeldBackBy = []api.Obstacle{{Kind: api.HeldByParent, Text: "router, on which it depends, is DOWN and holds any change back"}}
	web.Parents = []string{"router", "dns"}
	web.Missing = "UP needs 3 of 5 votes from 2 sites, has 0; DOWN has 3; 2 do not count (node2: stale, node3: no ballot)"
	n := newFakeNode(t, api.Status{Cluster: cluster(), Endpoints: []api.EndpointStatus{web}})
	want := `leader node2, 5 of 5 nodes heard by node1, quorum 3 of 5 from 2 sites

web is DOWN since ` + noon.Add(-90*time.Second).Local().Format(time.DateTime) + ` (1m30s ago), event 7
value   http://h/
labels  city=paris
        team=storage
parents router, dns
change  takes 3 of 5 votes from 2 sites
held    router, on which it depends, is DOWN and holds any change back
now     UP needs 3 of 5 votes from 2 sites, has 0; DOWN has 3; 2 do not count
        (node2: stale, node3: no ballot)

NODE   SITE   VERDICT    AGE    WHY
node1  paris  DOWN       1.5s   connection refused
node2  paris  (up)       1m01s  does not count: stale
node3  -      (unknown)  -      does not count: no ballot
node4  paris  DOWN       1.5s
node5  paris  DOWN       1.5s
`
	code, stdout, stderr := n.tocsin("status", "web")
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	if n.lastAsked() != "GET /v1/status/web" {
		t.Errorf("asked %q", n.lastAsked())
	}
}

func TestEvents(t *testing.T) {
	event := func(id uint64, from, to health.Status, outcomes map[string]fsm.Outcome) api.Event {
		return api.Event{Event: fsm.Event{ID: id, Key: "web", From: from, To: to, Time: noon, Votes: fiveVotes(to)}, Outcomes: outcomes}
	}
	all := map[string]fsm.Outcome{}
	for i := range 5 {
		all[fmt.Sprintf("node%d", i+1)] = fsm.Outcome{Ending: fsm.Done}
	}
	baseline := event(7, health.Unknown, health.Up, nil)
	baseline.Baseline = true
	n := newFakeNode(t, api.Events{Last: 12, FirstKept: 7, Events: []api.Event{
		baseline,
		event(9, health.Up, health.Down, all),
		event(12, health.Down, health.Up, map[string]fsm.Outcome{
			"node1": {Ending: fsm.Done, Missed: 2}, "node2": {Ending: fsm.Superseded, Missed: fsm.MissedUnknown}, "node3": {Ending: fsm.GaveUp, ExitCode: 3},
			"node4": {Ending: fsm.GaveUp, ExitCode: -1, Problem: "killed after 10s"},
		}),
	}})
	at := noon.Local().Format(time.DateTime)
	want := `TIME                 ID  KEY  CHANGE      VOTES   NOTIFIED
` + at + `  7   web  UNKNOWN→UP  5 up    baseline
` + at + `  9   web  UP→DOWN     5 down  5/5 done
` + at + `  12  web  DOWN→UP     5 up    1/5 done

Not simply notified:
  12: 1 to come, node2 superseded, node3 gave up: exit 3, node4 gave up:
    killed after 10s, node1 missed 2 before, node2 may have missed some before
`
	if code, stdout, stderr := n.tocsin("events"); code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d %q\n%s", code, stderr, stdout)
	}
	if code, stdout, _ := n.tocsin("events", "-o", "json"); code != 0 || !json.Valid([]byte(stdout)) {
		t.Errorf("as JSON: %d %s", code, stdout)
	}
}

func TestEvents_Pages(t *testing.T) {
	page := api.Events{More: true, Events: []api.Event{{Event: fsm.Event{ID: 7, Key: "web", Baseline: true}}}}
	n := newFakeNode(t, page)
	if code, _, stderr := n.tocsin("events", "--after", "0", "--limit", "1", "--key", "a b"); code != 0 || !strings.Contains(stderr, "--after 7") {
		t.Errorf("%d %q", code, stderr)
	}
	if got, want := n.lastAsked(), "GET /v1/events?after=0&key=a+b&limit=1"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if code, _, stderr := n.tocsin("events"); code != 0 || !strings.Contains(stderr, "older") {
		t.Errorf("%d %q", code, stderr)
	}
	n = newFakeNode(t, api.Events{})
	if code, stdout, stderr := n.tocsin("events"); code != 0 || stdout != "" || !strings.Contains(stderr, "No events") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}

func TestStatus_ANodeWithoutAClusterIsNoEmptyCluster(t *testing.T) {
	n := newFakeNode(t, api.Status{Cluster: api.Cluster{Node: "node2"}})
	code, stdout, stderr := n.tocsin("status")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "node2 belongs to no cluster yet") {
		t.Errorf("status: %d, %q, %q", code, stdout, stderr)
	}
}

// TestStatus_FollowsThePages holds that a list that comes in pages is shown, and
// printed as JSON, as one.
func TestStatus_FollowsThePages(t *testing.T) {
	page := func(next, key string) api.Status {
		return api.Status{Cluster: api.Cluster{ID: "c", Endpoints: 2}, Endpoints: []api.EndpointStatus{{Key: key}}, Next: next}
	}
	n := newFakeNode(t, page("one", "first"), page("", "second"), page("two", "first"), page("", "second"))
	code, stdout, stderr := n.tocsin("status")
	if code != 0 || !strings.Contains(stdout, "first") || !strings.Contains(stdout, "second") || n.lastAsked() != "GET /v1/status?cursor=one" {
		t.Errorf("%d %q %q, asked %q", code, stdout, stderr, n.lastAsked())
	}
	code, stdout, stderr = n.tocsin("status", "-o", "json")
	var whole api.Status
	if err := json.Unmarshal([]byte(stdout), &whole); err != nil || code != 0 || len(whole.Endpoints) != 2 || whole.Next != "" {
		t.Errorf("%d %v %q %q", code, err, stdout, stderr)
	}
}

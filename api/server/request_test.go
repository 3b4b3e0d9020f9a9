package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/api/server"
	"tocsin/fsm"
)

// TestKeys_WorkHoweverTheyAreWritten uses a real server: it is net/http that
// takes paths apart first.
func TestKeys_WorkHoweverTheyAreWritten(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.handler())
	t.Cleanup(server.Close)
	get := func(target string) (int, string) { return plainGet(t, server.Listener.Addr().String(), "GET", target) }

	for _, key := range []string{
		"ping", "a/b", "/a", "a//b", "a/", "/", "a b", "100%", "%2F", "a+b", "é/ü", "日本 語", ".", "..", "a/../b",
		"?x=1", "#x", "a&b=c", "a;b", "xdcr-test-1:user", `"quoted"`, "<b>", "\U0001F600", strings.Repeat("k", fsm.MaxKey),
	} {
		value := "value of " + key
		query := url.QueryEscape(key)
		if code, body := get("/set?key=" + query + "&value=" + url.QueryEscape(value)); code != 200 {
			t.Fatalf("set %q: %d %s", key, code, body)
		}
		if code, body := get("/get?key=" + query); code != 200 || body != value {
			t.Errorf("get %q: %d %q", key, code, body)
		}
		for _, path := range []string{"/status/", "/detectordata/", "/gossipstatus/", "/v1/endpoints/", "/v1/status/"} {
			if code, body := get(path + url.PathEscape(key)); code != 200 {
				t.Errorf("%s of %q, encoded: %d %q", path, key, code, body)
			}
		}
		// Unencoded but for what a path can't hold at all.
		bare := strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", " ", "%20").Replace(key)
		for _, path := range []string{"/status/", "/detectordata/", "/gossipstatus/"} {
			if code, body := get(path + bare); code != 200 || (path == "/status/" && !strings.Contains(body, "value of")) {
				t.Errorf("%s of %q, bare: %d %q", path, key, code, body)
			}
		}
		if code, body := plainGet(t, server.Listener.Addr().String(), "DELETE", "/v1/endpoints/"+url.PathEscape(key)); code != 200 {
			t.Errorf("delete %q: %d %q", key, code, body)
		}
	}
	if n := w.View().EndpointCount(); n != 0 {
		t.Errorf("%d endpoints are left", n)
	}
}

// plainGet sends the target byte by byte as it is, as curl --path-as-is does.
func plainGet(t *testing.T, address, method, target string) (int, string) {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(connection, "%s %s HTTP/1.0\r\n\r\n", method, target)
	reader := bufio.NewReader(connection)
	status, err := reader.ReadString('\n')
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	var code int
	if _, err := fmt.Sscanf(status, "HTTP/1.0 %d", &code); err != nil {
		t.Fatalf("%s %s: answered %q", method, target, status)
	}
	var rest strings.Builder
	if _, err := reader.WriteTo(&rest); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(rest.String(), "\r\n\r\n")
	return code, body
}

// TestSet_TakesTheLargestValue in the longest way to write it, through a server
// that has the room that MaxHeader asks for.
func TestSet_TakesTheLargestValue(t *testing.T) {
	w := newWorld(t)
	serving := httptest.NewUnstartedServer(w.handler())
	serving.Config.MaxHeaderBytes = server.MaxHeader
	serving.Start()
	t.Cleanup(serving.Close)
	value := strings.Repeat("é", fsm.MaxValue/2)
	query := url.Values{"key": {strings.Repeat("ü", fsm.MaxKey/2)}, "value": {value}}.Encode()
	code, body := plainGet(t, serving.Listener.Addr().String(), "GET", "/set?"+query)
	if code != 200 {
		t.Fatalf("%d %q", code, body)
	}
	for e := range w.View().Endpoints("") {
		if e.Value != value {
			t.Errorf("the value arrived with %d bytes", len(e.Value))
		}
	}
}

func TestQuery_IsStrict(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "pong")
	for target, words := range map[string][]string{
		"/set?key=a":                      {"value", "missing"},
		"/set?value=a":                    {"key", "missing"},
		"/set":                            {"key", "missing"},
		"/set?key=a&value=b&ttl=3":        {"ttl", "key, value"},
		"/set?key=a&key=b&value=c":        {"key", "2 times"},
		"/set?key=a&value=b&value=b":      {"value", "2 times"},
		"/set?Key=a&value=b":              {"Key", "key, value"},
		"/set?key=%zz&value=b":            {"%25"},
		"/set?key=a;value=b":              {"%3B"},
		"/set?key=&value=b":               {"key is empty"},
		"/set?key=%ff&value=b":            {"key", "UTF-8"},
		"/set?key=a&value=%ff":            {"value", "UTF-8"},
		"/set?key=a%00&value=b":           {"control character"},
		"/set?key=a&value=b%0a":           {"control character"},
		"/get?key=ping&x=1":               {"x"},
		"/get":                            {"missing"},
		"/get?key=":                       {"empty"},
		"/del?key=":                       {"empty"},
		"/status?key=ping":                {"takes none"},
		"/status/ping?x":                  {"takes none"},
		"/leader?x=1":                     {"takes none"},
		"/v1/events?limit=0":              {"limit", "1 to 1000"},
		"/v1/events?limit=1001":           {"limit", "1 to 1000"},
		"/v1/events?limit=x":              {"limit"},
		"/v1/events?limit=":               {"limit"},
		"/v1/events?after=-1":             {"after"},
		"/v1/events?after=1e3":            {"after"},
		"/v1/events?after=1&after=2":      {"2 times"},
		"/v1/events?key=":                 {"empty"},
		"/v1/events?since=1":              {"after, key, limit, index, wait, consistency"},
		"/v1/events?afer=1":               {"did you mean \\\"after\\\"?"},
		"/v1/status?verbose=1":            {"prefix, label, state, limit, cursor, index, wait, consistency"},
		"/v1/status?limit=10001":          {"limit", "1 to 10000"},
		"/v1/status?cursor=":              {"empty"},
		"/v1/status?cursor=%21":           {"cursor", "none of ours"},
		"/v1/status?state=off":            {"none of UP, DOWN and UNKNOWN"},
		"/v1/status?label=":               {"empty"},
		"/v1/status?label=a":              {"not like team=storage"},
		"/v1/status?label=a=1&label=a=2":  {"no endpoint has both"},
		"/v1/status?consistency=strong":   {"none of stale, leader and linearizable"},
		"/v1/endpoints?prefix=a&prefix=b": {"2 times"},
		"/v1/endpoints/ping?x=1":          {"knows index, wait, consistency"},
		"/livez?verbose":                  {"takes none"},
		"/readyz?verbose":                 {"takes none"},
		"/set?key=" + strings.Repeat("k", fsm.MaxKey+1) + "&value=v": {"513 bytes"},
		"/set?key=k&value=" + strings.Repeat("v", fsm.MaxValue+1):    {"65537 bytes"},
		"/status/" + strings.Repeat("k", fsm.MaxKey+1):               {"513 bytes"},
	} {
		writes := w.writes
		w.get(target).wantWord(t, 400, words...)
		if w.writes != writes {
			t.Errorf("%.40s was refused, and written", target)
		}
	}
	w.get("/status").want(t, 200, `{"ping":"pong"}`)
}

func TestRoutes_WhatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.get("/").wantWord(t, 404, "/status", "/readyz")
	w.get("/Status").wantWord(t, 404)
	w.get("/gossipjoin").wantWord(t, 404)
	w.get("/v1/").wantWord(t, 404, `"detail":"`)
	w.get("/v1/endpoints/").wantWord(t, 404)
	w.get("/v1/endpoints/a/b").wantWord(t, 404, "a%2Fb")
	w.get("/v1/status/a/b").wantWord(t, 404, "/v1/status/a%2Fb")
	w.request("POST", "/v1/endpoints/a", "{}").wantWord(t, 405, "DELETE or GET or HEAD or PATCH or PUT")
	w.request("DELETE", "/status", "").wantWord(t, 405, "GET or HEAD")
	w.request("GET", "/v1/peer/register", "").wantWord(t, 405, "POST")
}

func TestRoutes_HeadIsForReading(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "pong")
	for _, target := range []string{"/livez", "/readyz", "/status", "/get?key=ping", "/v1/status", "/v1/endpoints/ping"} {
		w.request("HEAD", target, "").wantWord(t, 200)
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	w.set("ping", "<script>")
	for target, kind := range map[string]string{
		"/get?key=ping": "text/plain; charset=utf-8",
		"/status":       "application/json; charset=utf-8",
		"/raftnodes":    "application/json; charset=utf-8",
		"/v1/status":    "application/json",
		"/nothing":      "text/plain; charset=utf-8",
		"/v1/nothing":   "application/problem+json",
	} {
		h := w.get(target).header
		if h.Get("Content-Type") != kind || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", target, h)
		}
	}
}

// FuzzQuery holds that no query makes the server fail or write anything but
// what it says.
func FuzzQuery(f *testing.F) {
	paths := []string{
		"/set", "/get", "/del", "/status", "/detectordata", "/gossipstatus", "/leader", "/join", "/leave",
		"/v1/status", "/v1/events", "/v1/endpoints", "/v1/endpoints/ping", "/livez", "/v1/members", "/v1/settings",
	}
	for i, query := range []string{
		"key=a&value=b", "key=a", "key=%zz", "key=a;b", "key=%00&value=%ff", "limit=1&after=3&key=ping",
		"limit=99999999999999999999", "cursor=cGluZw&limit=1", "cursor=%2B&label=a=b&label=&state=UP", "consistency=leader", "after=18446744073709551615", "prefix=p", "peerAddress=h:1", "a=1&a=2", "=", "&&", "%", "+",
	} {
		f.Add(uint8(i), query)
	}
	w := newWorld(f)
	h := w.handler()
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		if strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }) {
			return // no such request line gets past net/http
		}
		w.again(t)
		w.set("ping", "pong")
		path := paths[int(which)%len(paths)]
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: path, RawQuery: query}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		switch recorder.Code {
		case 200, 400, 404, 409:
		default:
			t.Fatalf("%s?%s: %d %s", path, query, recorder.Code, recorder.Body)
		}
		if path == "/set" && recorder.Code == 200 {
			want := r.URL.Query()
			e, ok := w.View().Endpoint(want.Get("key"))
			if !ok || e.Value != want.Get("value") {
				t.Fatalf("%s said ok, and holds %+v", query, e)
			}
		}
	})
}

// FuzzPath holds the same for the keys in paths.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"ping", "a%2Fb", "a/b", "%", "%2", "%zz", "%ff", "%00", "+", "", "/", "//", "..", "%2e%2e/x", "é"} {
		f.Add(path)
	}
	w := newWorld(f)
	h := w.handler()
	f.Fuzz(func(t *testing.T, path string) {
		for _, prefix := range []string{"/status/", "/v1/endpoints/", "/v1/status/", "/gossipjoin/"} {
			target, err := url.ParseRequestURI(prefix + path)
			if err != nil {
				return // net/http answers 400 itself
			}
			w.again(t)
			w.set("ping", "pong")
			r := httptest.NewRequest("GET", "/", nil)
			r.URL = target
			recorder := httptest.NewRecorder()
			h.ServeHTTP(recorder, r)
			switch recorder.Code {
			case 200, 400, 404:
			default:
				t.Fatalf("%s: %d %s", target, recorder.Code, recorder.Body)
			}
		}
	})
}

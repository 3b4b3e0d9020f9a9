package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// writes is a request to each path that changes something, or that is for nodes.
var writes = []struct{ method, target, body, kind string }{
	{"GET", "/set?key=a&value=b", "", ""},
	{"GET", "/del?key=a", "", ""},
	{"GET", "/join?peerAddress=h:7006", "", ""},
	{"GET", "/leave?peerAddress=h:7006", "", ""},
	{"GET", "/gossipjoin/h:8006", "", ""},
	{"GET", "/gossipleave", "", ""},
	{"PUT", "/v1/endpoints/a", `{"value":"b"}`, "application/json"},
	{"PATCH", "/v1/endpoints/a", `{"value":"b"}`, "application/json"},
	{"DELETE", "/v1/endpoints/a", "", ""},
	{"POST", "/v1/endpoints:apply", `{"endpoints":[]}`, "application/json"},
	{"POST", "/v1/reload", "", ""},
	{"PUT", "/v1/settings", `{}`, "application/json"},
	{"POST", "/v1/peer/introduce", `{"node":"node6"}`, "application/json"},
	{"POST", "/v1/peer/register", registration, "application/json"},
	{"POST", "/v1/peer/propose", "x", "application/octet-stream"},
	{"POST", "/v1/peer/index", "{}", "application/json"},
}

func TestOrigin_NoPageElsewhereWrites(t *testing.T) {
	w := newWorld(t)
	w.set("a", "mine")
	for _, header := range []string{
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: what comes next",
		"Origin: http://evil.example", "Origin: null", "Origin: http://example.com:81", "Origin: http://example.com.evil.example",
		"Origin: %", "Origin: example.com",
	} {
		for _, r := range writes {
			a := w.request(r.method, r.target, r.body, "Content-Type: "+r.kind, header, "From-Address: "+header+r.target)
			a.wantWord(t, http.StatusForbidden, "web page")
			if json := strings.HasPrefix(a.body, `{"type":"/problems/`); json != strings.HasPrefix(r.target, "/v1/") || strings.Count(a.body, "\n") != 1 {
				t.Errorf("%s %s: %q is not an answer of this path", r.method, r.target, a.body)
			}
		}
		for _, target := range []string{"/status", "/get?key=a", "/v1/status", "/livez"} {
			w.request("GET", target, "", header).wantWord(t, http.StatusOK) // it can't read the answer
		}
	}
	if w.writes > 0 || len(w.asked) > 0 {
		t.Errorf("%d writes, and asked %q", w.writes, w.asked)
	}
}

func TestOrigin_ProgramsAndOperatorsWrite(t *testing.T) {
	for name, header := range map[string][]string{
		"a program":       nil,
		"a typed address": {"Sec-Fetch-Site: none"},
		"our own page":    {"Sec-Fetch-Site: same-origin", "Origin: http://example.com"}, // httptest's Host
		"behind a proxy":  {"Origin: https://EXAMPLE.com"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.request("GET", "/set?key=a&value=b", "", header...).want(t, http.StatusOK, "ok")
			w.request("PUT", "/v1/endpoints/a", `{"value":"c"}`, header...).wantWord(t, http.StatusOK)
			w.request("GET", "/get?key=a", "", header...).want(t, http.StatusOK, "c")
			w.request("POST", "/v1/peer/introduce", `{"node":"node6"}`, append(header, "Content-Type: application/json")...).wantWord(t, http.StatusOK)
		})
	}
}

// TestOrigin_APageWhoseNameLeadsHereHearsNothing: to the browser it is of our own
// origin, so that nothing but the name shows that it is not.
func TestOrigin_APageWhoseNameLeadsHereHearsNothing(t *testing.T) {
	w := newWorld(t)
	w.set("a", "mine")
	w.loopback = true
	page := []string{"Sec-Fetch-Site: same-origin", "Content-Type: application/json"}
	reads := []string{"/get?key=a", "/status", "/v1/endpoints", "/v1/status", "/v1/log", "/v1/config", "/v1/stream"}
	for _, host := range []string{"evil.example", "evil.example:6000", "127.0.0.1.evil.example", "localhost.evil.example:6000", "EVIL.EXAMPLE.", "evil.local"} {
		for _, target := range reads {
			w.request("GET", target, "", append(page, "Host: "+host, "From-Address: "+host)...).wantWord(t, http.StatusForbidden, "127.0.0.1 or localhost")
		}
		for _, r := range writes {
			w.request(r.method, r.target, r.body, "Content-Type: "+r.kind, "Host: "+host, "Origin: http://"+host, "From-Address: "+host+r.target).wantWord(t, http.StatusForbidden)
		}
		w.request("GET", "/readyz", "", "Host: "+host).wantWord(t, http.StatusOK) // it says nothing of the cluster
	}
	if w.writes > 0 || len(w.asked) > 0 {
		t.Errorf("%d writes, and asked %q", w.writes, w.asked)
	}
	for _, host := range []string{"", "127.0.0.1", "127.0.0.1:6000", "[::1]:6000", "::1", "localhost:6000", "LOCALHOST.", "tocsin.localhost", "localhost.localdomain", "node1", "node1:6000"} {
		w.request("GET", "/get?key=a", "", "Host: "+host).want(t, http.StatusOK, "mine")
	}
	w.loopback = false // whoever has opened it to others knows by which names
	w.serves = nil
	w.request("GET", "/get?key=a", "", "Host: tocsin.example").want(t, http.StatusOK, "mine")
}

// TestPeer_TakesItsOwnKindOfBodyAlone, for a form can send text/plain.
func TestPeer_TakesItsOwnKindOfBodyAlone(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{"/v1/peer/introduce", "/v1/peer/register", "/v1/peer/propose", "/v1/peer/index"} {
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/", ""} {
			w.request("POST", target, registration, "Content-Type: "+kind).wantWord(t, http.StatusUnsupportedMediaType, `"detail":"`, "Content-Type application/")
		}
	}
	w.registered = nil // would panic
	w.request("POST", "/v1/peer/propose", registration, "Content-Type: application/json").wantWord(t, http.StatusUnsupportedMediaType)
	w.request("POST", "/v1/peer/register", "{}", "Content-Type: application/json; charset=utf-8").wantWord(t, http.StatusBadRequest)
}

package server_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/access"
	"tocsin/api/server"
)

// TestAudit_NamesTheProofThatWasEnough, in the log and in what is kept: an admin's
// certificate may come with the join token that its machine has for another purpose.
func TestAudit_NamesTheProofThatWasEnough(t *testing.T) {
	g, audit := newGuarded(t)
	join := g.give("nodes", access.Join, nil)
	for _, route := range []string{"GET /set?key=k&value=v", "POST /v1/pause", "POST /v1/tokens"} {
		audit.Reset()
		method, target, _ := strings.Cut(route, " ")
		body := map[string]string{"/v1/tokens": `{"name":"bert","role":"read"}`, "/v1/pause": `{"reason":"work","prefix":"k"}`}[target]
		r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", join.Header())
		r = r.WithContext(access.With(r.Context(), access.Identity{Name: "ops", Role: access.Admin, Proof: access.ByCertificate}))
		a := answerTo(g.handler(), r)
		if a.status != 200 {
			t.Fatalf("%s: %d %s", route, a.status, a.body)
		}
		if l := auditLines(t, audit); len(l) != 1 || l[0]["by"] != "ops" || l[0]["as"] != "admin" || l[0]["proof"] != "certificate" {
			t.Errorf("%s: %v", route, l)
		}
	}
	for _, p := range g.View().Holds().Pauses {
		if p.By != "ops" {
			t.Errorf("the pause is by %q", p.By)
		}
	}
	for r := range g.View().Tokens() {
		if r.Name == "bert" && r.By != "ops" {
			t.Errorf("the token is by %q", r.By)
		}
	}
}

func auditLines(t *testing.T, audit *bytes.Buffer) (lines []map[string]any) {
	t.Helper()
	for line := range strings.Lines(audit.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, m)
	}
	return lines
}

// TestAudit_SaysWhoChangedWhatAndHowItEnded, once for each change.
func TestAudit_SaysWhoChangedWhatAndHowItEnded(t *testing.T) {
	g, audit := newGuarded(t)
	anna := g.give("anna", access.Admin, nil)
	g.set("there", "v")
	for _, test := range []struct {
		route, body, message, path string
		status                     float64
	}{
		{"GET /v1/status", "", "", "", 0},
		{"PUT /v1/endpoints/a%2Fb", `{"value":"secret-value"}`, "changed", "/v1/endpoints/a%2Fb", 200},
		{"PUT /v1/endpoints/a", `{`, "not changed", "/v1/endpoints/a", 400},
		{"DELETE /v1/endpoints/nothing", "", "not changed", "/v1/endpoints/nothing", 404},
		{"GET /set?key=there&value=secret-value", "", "changed", "/set", 200},
		{"POST /v1/tokens", `{"name":"bert","role":"read"}`, "changed", "/v1/tokens", 200},
		{"DELETE /v1/pause?prefix=web%2F&label=a%3Db", "", "not changed", "/v1/pause", 404},
		{"POST /v1/peer/propose", "", "refused", "/v1/peer/propose", 403},
	} {
		audit.Reset()
		method, target, _ := strings.Cut(test.route, " ")
		a := send(g.handler(), method, target, test.body, "Authorization: "+anna.Header(), "Content-Type: application/json")
		lines := auditLines(t, audit)
		if test.message == "" {
			if len(lines) > 0 {
				t.Errorf("%s: %v", test.route, lines)
			}
			continue
		}
		if len(lines) != 1 {
			t.Errorf("%s (%d %s): %v", test.route, a.status, a.body, lines)
			continue
		}
		l := lines[0]
		if l["msg"] != test.message || l["by"] != "anna" || l["as"] != "admin" || l["path"] != test.path || l["status"] != test.status || l["from_address"] == "" {
			t.Errorf("%s: %v", test.route, l)
		}
		if want := map[string]any{"/v1/pause": "label=a%3Db&prefix=web%2F"}[test.path]; l["query"] != want {
			t.Errorf("%s: the query is %v, want %v", test.route, l["query"], want)
		}
		for _, secret := range []string{"secret-value", anna.Reveal()} {
			if strings.Contains(audit.String(), secret) {
				t.Errorf("%s: the audit log says %s", test.route, secret)
			}
		}
	}
}

// TestAudit_APageCanNotFillIt: what the browser of somebody sends for a page is told
// of as any other refusal, the first times.
func TestAudit_APageCanNotFillIt(t *testing.T) {
	for name, header := range map[string]string{
		"a page elsewhere": "Sec-Fetch-Site: cross-site", "a name that leads here": "Host: evil.example",
	} {
		g, audit := newGuarded(t, func(c *server.Config) { c.Loopback = true })
		g.open = true
		last := answer{}
		for range 500 {
			last = send(g.handler(), "GET", "/set?key=k&value=v", "", header)
		}
		last.wantWord(t, 429, "refused already", "web page")
		if n := len(auditLines(t, audit)); n == 0 || n > 30 { // 20, and one a second
			t.Errorf("%s: %d lines of 500 requests", name, n)
		}
	}
}

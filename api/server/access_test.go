package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/api/server"
	"tocsin/fsm"
)

// guarded makes the world ask who somebody is. It implements api.Access.
type guarded struct {
	*world
	unsettled bool
	open      bool // nobody is asked
}

func (g *guarded) Asks() bool { return !g.open }

func (g *guarded) Token(id string) (*access.Record, error) {
	if g.unsettled {
		return nil, api.ErrUnsettled
	}
	r, _ := g.View().Token(id)
	return r, nil
}

// newGuarded returns a world that asks, and what it wrote to the audit log.
func newGuarded(t *testing.T, others ...func(*server.Config)) (*guarded, *bytes.Buffer) {
	w := newWorld(t)
	w.registered = func(peer.Registration) (peer.Welcome, error) {
		return peer.Welcome{ClusterID: clusterName, Epoch: 1}, nil
	}
	g := &guarded{world: w}
	var audit bytes.Buffer
	c := w.config()
	c.Access, c.Audit = g, slog.New(slog.NewJSONHandler(&audit, nil))
	c.Metrics = http.NotFoundHandler()
	for _, change := range others {
		change(&c)
	}
	w.serves = server.New(c)
	return g, &audit
}

// give makes a token, as it is kept.
func (w *world) give(name string, role access.Role, spoil func(*access.Record)) access.Token {
	token := access.NewToken()
	r := access.Record{ID: token.ID(), Name: name, Role: role, Hash: token.Hash(), Created: birth}
	if spoil != nil {
		spoil(&r)
	}
	w.apply(fsm.CreateToken{Token: r})
	return token
}

// asking is a request to a route, with what it takes to get there.
func asking(route string, header ...string) *http.Request {
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{key}", "a", "{id}", "1", "{node}", "node1", "{code}", "invalid", "{addresses}", "h:1").Replace(path)
	// A stream and a wait end at once.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	if path == "/v1/peer/propose" {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r
}

func answerTo(h http.Handler, r *http.Request) answer {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
}

// TestAccess_EveryRouteHasARuleAndEveryRuleARoute, those of the document and of
// the original among them. That a route without a rule is not even mounted is
// seen by that New does not panic.
func TestAccess_EveryRouteHasARuleAndEveryRuleARoute(t *testing.T) {
	g, _ := newGuarded(t)
	rules, served := access.Routes(), map[string]bool{}
	colon := strings.NewReplacer(`\:`, ":")
	for _, r := range g.handler().(*gin.Engine).Routes() {
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			} else if name, ok := strings.CutPrefix(part, "*"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		path := colon.Replace(strings.Join(parts, "/"))
		if _, ok := access.Needs(r.Method, path); !ok {
			t.Errorf("%s %s has no rule", r.Method, path)
		}
		served[r.Method+" "+path] = true
	}
	for rule := range rules {
		if !served[rule] {
			t.Errorf("nothing is served at %s, and there is a rule for it", rule)
		}
	}
	for path, methods := range child(theDocument().tree, "paths").(map[string]any) {
		for method, op := range methods.(map[string]any) {
			need, ok := access.Needs(strings.ToUpper(method), path)
			if !ok || need == access.Open {
				t.Errorf("%s %s of the document needs %q, %v", method, path, need, ok)
			}
			if text := child(op, "description").(string); !strings.HasSuffix(text, "Role: "+string(need)+".") {
				t.Errorf("%s %s does not say that it needs %s", method, path, need)
			}
		}
	}
}

// TestAccess_EveryRoleOnEveryRoute tries each.
func TestAccess_EveryRoleOnEveryRoute(t *testing.T) {
	for _, role := range access.Roles() {
		g, _ := newGuarded(t)
		token := g.give("t", role, nil)
		for route, need := range access.Routes() {
			before := g.writes
			r := asking(route, "Authorization: "+token.Header())
			r.RemoteAddr = route // each from an address of its own, or the last ones are told nothing
			a := answerTo(g.handler(), r)
			let := a.status != http.StatusUnauthorized && a.status != http.StatusForbidden
			if let != role.Includes(need) {
				t.Errorf("%s with the role %s: got %d %s, and it needs %s", route, role, a.status, a.body, need)
			}
			if !let && (!strings.Contains(a.body, string(need)) || !strings.Contains(a.body, string(role))) {
				t.Errorf("%s: %q does not name both roles", route, a.body)
			}
			if !let && g.writes > before {
				t.Errorf("%s with the role %s was refused and has written", route, role)
			}
		}
	}
}

// TestAccess_WhatProvesNothingOpensNothing, on every route.
func TestAccess_WhatProvesNothingOpensNothing(t *testing.T) {
	for name, test := range map[string]struct {
		header func(*guarded) string
		says   string
	}{
		"nothing":     {func(*guarded) string { return "" }, "nobody has said who asks"},
		"not a token": {func(*guarded) string { return "Bearer letmein" }, "no token of Tocsin"},
		"a password":  {func(*guarded) string { return "Basic cm9vdDpyb290" }, "Bearer TOKEN"},
		"unknown":     {func(*guarded) string { return access.NewToken().Header() }, "knows no such token"},
		"revoked": {func(g *guarded) string {
			return g.give("r", access.Admin, func(r *access.Record) { r.Revoked = birth }).Header()
		}, "revoked"},
		"expired": {func(g *guarded) string {
			return g.give("e", access.Admin, func(r *access.Record) { r.Expires = birth }).Header()
		}, "expired"},
		"another hash": {func(g *guarded) string {
			return g.give("h", access.Admin, func(r *access.Record) { r.Hash = strings.Repeat("0", 64) }).Header()
		}, "knows no such token"},
	} {
		g, audit := newGuarded(t)
		header := test.header(g)
		for route, need := range access.Routes() {
			a := answerTo(g.handler(), asking(route, "Authorization: "+header))
			switch {
			case need == access.Open && a.status == http.StatusOK:
			case need != access.Open && a.status == http.StatusTooManyRequests:
			case need == access.Open || a.status != http.StatusUnauthorized || !strings.Contains(a.body, test.says) || a.header.Get("WWW-Authenticate") == "":
				t.Errorf("%s: %s needs %s: got %d %s", name, route, need, a.status, a.body)
			}
		}
		if g.writes > 0 || len(g.asked) > 0 {
			t.Errorf("%s: something was written", name)
		}
		if secret := strings.TrimPrefix(header, "Bearer "); len(secret) > 20 && strings.Contains(audit.String(), secret) {
			t.Errorf("%s: the audit log has the token", name)
		}
		if n := strings.Count(audit.String(), "\n"); n == 0 || n > 21 {
			t.Errorf("%s: %d lines in the audit log", name, n)
		}
	}
}

// TestAccess_ANetworkOfIPv6IsOneThatIsRefused: whoever has one address of it has all.
func TestAccess_ANetworkOfIPv6IsOneThatIsRefused(t *testing.T) {
	g, _ := newGuarded(t)
	from := func(address string) int {
		r := asking("GET /v1/status")
		r.RemoteAddr = address
		return answerTo(g.handler(), r).status
	}
	last := 0
	for i := range 50 {
		last = from(fmt.Sprintf("[2001:db8::%x]:6000", i+1))
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last of 50 from one network is answered %d", last)
	}
	if status := from("[2001:db8:0:1::1]:6000"); status != http.StatusUnauthorized {
		t.Errorf("one from the next network is answered %d", status)
	}
}

// TestAccess_GoodTokensAreLetInWhoeverElseFails: refusals don't lock anybody out.
func TestAccess_GoodTokensAreLetInWhoeverElseFails(t *testing.T) {
	g, _ := newGuarded(t)
	token := g.give("anna", access.Read, nil)
	tooMany := 0
	for range 50 {
		if answerTo(g.handler(), asking("GET /v1/status")).status == http.StatusTooManyRequests {
			tooMany++
		}
	}
	if tooMany < 25 {
		t.Errorf("only %d of 50 were sent away", tooMany)
	}
	answerTo(g.handler(), asking("GET /v1/status", "Authorization: "+token.Header())).wantWord(t, 200, "node1")
}

// TestAccess_ANodeThatCanNotTellSaysSo, and a certificate is enough for it.
func TestAccess_ANodeThatCanNotTellSaysSo(t *testing.T) {
	g, _ := newGuarded(t)
	token := g.give("anna", access.Admin, nil)
	g.unsettled = true
	r := asking("GET /v1/status", "Authorization: "+token.Header())
	answerTo(g.handler(), r).wantWord(t, 503, "does not know the tokens")
	r = r.WithContext(access.With(r.Context(), access.Identity{Name: "ops", Role: access.Read, Proof: access.ByCertificate}))
	answerTo(g.handler(), r).wantWord(t, 200, "node1")
}

// TestAccess_WhatItTakesIsAskedOnceMoreWhenTheBodyIsThere: a node that begins to ask
// while one comes in lets nobody make a change who has shown nothing.
func TestAccess_WhatItTakesIsAskedOnceMoreWhenTheBodyIsThere(t *testing.T) {
	for route, body := range map[string]string{
		"PUT /v1/endpoints/web":  `{"value":"v"}`,
		"POST /v1/tokens":        `{"name":"evil","role":"admin"}`,
		"PUT /v1/snapshot":       "",
		"POST /v1/members":       `{"raft":"127.0.0.1:1"}`,
		"POST /v1/peer/propose":  "entry",
		"POST /v1/peer/keyring":  "{}",
		"POST /v1/peer/register": "{}",
	} {
		g, _ := newGuarded(t)
		g.open = true
		r := asking(route)
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), closing{g}))
		answerTo(g.handler(), r).wantWord(t, 401, "nobody has said who asks")
		if g.writes != 0 {
			t.Errorf("%s: %d writes", route, g.writes)
		}
	}
}

// closing is the end of a body, at which the node has begun to ask.
type closing struct{ g *guarded }

func (c closing) Read([]byte) (int, error) {
	c.g.open = false
	return 0, io.EOF
}

// TestAccess_OfTLSTheNodesPathsTakeANodesCertificate, whatever else is shown and
// whether anybody is asked or not; who has none is told of as others are.
func TestAccess_OfTLSTheNodesPathsTakeANodesCertificate(t *testing.T) {
	for name, test := range map[string]struct {
		by   string // the role of a certificate, "" for none
		let  bool
		tls  bool
		open bool // nobody is asked
	}{
		"nobody":               {"", false, true, false},
		"an admin":             {"admin", false, true, false},
		"a node":               {"node", true, true, false},
		"nobody is asked":      {"", false, true, true},
		"a node is not asked":  {"node", true, true, true},
		"plain text, by token": {"", true, false, false},
	} {
		g, audit := newGuarded(t)
		g.open = test.open
		header := "Authorization: " + g.give("t", access.Node, nil).Header()
		ask := func() answer {
			r := asking("POST /v1/peer/index", header)
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if test.by != "" {
				r = r.WithContext(access.With(r.Context(), access.Identity{Name: "n1", Role: access.Role(test.by), Proof: access.ByCertificate}))
			}
			return answerTo(g.handler(), r)
		}
		if a := ask(); (a.status != http.StatusForbidden) != test.let {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if test.let {
			continue
		}
		for range 50 {
			ask()
		}
		if a := ask(); a.status != http.StatusTooManyRequests {
			t.Errorf("%s: %d after many refusals", name, a.status)
		}
		if lines := auditLines(t, audit); len(lines) == 0 || len(lines) > 21 || lines[0]["msg"] != "refused" || lines[0]["path"] != "/v1/peer/index" {
			t.Errorf("%s: %d lines, %v", name, len(lines), lines)
		}
	}
}

func TestAccess_ACertificateGivesItsRole(t *testing.T) {
	g, audit := newGuarded(t)
	r := asking("GET /set?key=k&value=v")
	r = r.WithContext(access.With(r.Context(), access.Identity{Name: "ops", Role: access.Operate, Proof: access.ByCertificate}))
	answerTo(g.handler(), r).want(t, 200, "ok")
	r = asking("PUT /v1/settings")
	r = r.WithContext(access.With(r.Context(), access.Identity{Name: "ops", Role: access.Operate, Proof: access.ByCertificate}))
	answerTo(g.handler(), r).wantWord(t, 403, "ops has the role operate")
	lines := auditLines(t, audit)
	if len(lines) != 2 || lines[0]["msg"] != "changed" || lines[0]["by"] != "ops" || lines[0]["proof"] != "certificate" || lines[0]["key"] != "k" ||
		lines[1]["msg"] != "refused" || lines[1]["status"] != 403.0 {
		t.Errorf("%v", lines)
	}
}

func TestTokens_AreCreatedShownOnceAndRevoked(t *testing.T) {
	g, audit := newGuarded(t)
	root := g.give("root", access.Admin, nil)
	as := func(token access.Token, method, target, body string) answer {
		a := send(g.handler(), method, target, body, "Authorization: "+token.Header())
		theDocument().conforms(t, method, target, a)
		return a
	}
	created := decoded[api.TokenCreated](t, as(root, "POST", "/v1/tokens", `{"name":"grafana","role":"read","expires_in":"24h"}`))
	token, err := access.ParseToken(created.Text)
	if err != nil || created.By != "root" || created.Role != access.Read || created.Expires.Sub(created.Created) != 24*time.Hour {
		t.Fatalf("%v, %+v", err, created)
	}
	as(token, "GET", "/v1/status", "").wantWord(t, 200, "node1")
	as(token, "GET", "/v1/tokens", "").wantWord(t, 403, "admin")
	list := as(root, "GET", "/v1/tokens", "")
	if strings.Contains(list.body, created.Text) || strings.Contains(list.body, token.Hash()) || strings.Contains(audit.String(), created.Text) {
		t.Error("the list or the audit log has what is secret")
	}
	if all := decoded[api.Tokens](t, list); len(all.Tokens) != 2 || all.Tokens[1].Name != "grafana" || all.Tokens[1].State != access.Valid {
		t.Errorf("%+v", all)
	}
	drawn := access.NewToken()
	own := fmt.Sprintf(`{"name":"prom","role":"read","expires_in":"24h","id":%q,"hash":%q}`, drawn.ID(), drawn.Hash())
	first := decoded[api.TokenCreated](t, as(root, "POST", "/v1/tokens", own))
	again := decoded[api.TokenCreated](t, as(root, "POST", "/v1/tokens", own))
	if again.Token != first.Token || first.ID != drawn.ID() || first.Text != "" || !first.Changed || again.Changed {
		t.Errorf("a token that was drawn by whoever asked: %+v, and once more: %+v", first, again)
	}
	as(drawn, "GET", "/v1/status", "").wantWord(t, 200, "node1")
	as(root, "POST", "/v1/tokens", strings.Replace(own, `"read"`, `"admin"`, 1)).wantWord(t, 409, "already")
	as(root, "POST", "/v1/tokens", fmt.Sprintf(`{"name":"half","role":"read","id":%q}`, drawn.ID())).wantWord(t, 400, "belong together")
	as(root, "POST", "/v1/tokens", `{"name":"bad","role":"read","id":"x","hash":"y"}`).wantWord(t, 400, "the id is none")
	as(root, "POST", "/v1/tokens", `{"name":"grafana","role":"read"}`).wantWord(t, 409, "another name")
	as(root, "POST", "/v1/tokens", `{"name":"x","role":"god"}`).wantWord(t, 400, "no role")
	as(root, "POST", "/v1/tokens", `{"name":"x y","role":"read"}`).wantWord(t, 400, "letters")
	as(root, "POST", "/v1/tokens", `{"name":"x","role":"read","expires_in":"1s"}`).wantWord(t, 400, "expires_in")
	as(root, "DELETE", "/v1/tokens/root", "").wantWord(t, 409, "last token with the role admin")
	as(root, "DELETE", "/v1/tokens/nobody", "").wantWord(t, 404, "nobody")
	if r := decoded[api.TokenRevoked](t, as(root, "DELETE", "/v1/tokens/grafana", "")); !r.Changed || r.ID != token.ID() {
		t.Errorf("%+v", r)
	}
	as(token, "GET", "/v1/status", "").wantWord(t, 401, "was revoked")
}

// TestTokens_TheFirstIsAnAdmins, for from then on everybody is asked, and nobody
// else could create another.
func TestTokens_TheFirstIsAnAdmins(t *testing.T) {
	w := newWorld(t) // nobody is asked
	create := func(role access.Role, who ...access.Identity) answer {
		body := strings.NewReader(fmt.Sprintf(`{"name":"of-%s-%d","role":%q}`, role, w.View().TokenCount(), role))
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/tokens", body)
		r.Header.Set("Content-Type", "application/json")
		for _, i := range who {
			r = r.WithContext(access.With(r.Context(), i))
		}
		return answerTo(w.handler(), r)
	}
	for _, role := range []access.Role{access.Read, access.Operate, access.Join, access.Node} {
		create(role).wantWord(t, 409, "--role admin")
		create(role, access.Identity{Name: "ops", Role: access.Operate, Proof: access.ByCertificate}).wantWord(t, 409, "--role admin")
	}
	w.give("gone", access.Admin, func(r *access.Record) { r.Expires = time.Now().Add(-time.Second) })
	create(access.Read).wantWord(t, 409, "--role admin")
	create(access.Read, access.Identity{Name: "ops", Role: access.Admin, Proof: access.ByCertificate}).wantWord(t, 200, "of-read")
	create(access.Admin).wantWord(t, 200, "of-admin")
	create(access.Read).wantWord(t, 200, "of-read")
}

// TestAccess_NoSecretInAnswersToMistakes: who pastes a token in the wrong place
// does not find it in the answer.
func TestAccess_NoSecretInAnswersToMistakes(t *testing.T) {
	g, audit := newGuarded(t)
	token := g.give("anna", access.Read, nil)
	text := token.Reveal()
	for _, header := range []string{text, "Token " + text, "Bearer " + text + "x", "Bearer " + strings.ToUpper(text), "Bearer:" + text} {
		a := answerTo(g.handler(), asking("PUT /v1/settings", "Authorization: "+header))
		if a.status != 401 || strings.Contains(strings.ToLower(a.body), text) {
			t.Errorf("%q: %d %s", header, a.status, a.body)
		}
	}
	if strings.Contains(strings.ToLower(audit.String()), text) || fmt.Sprint(token) == text {
		t.Error("the audit log has the token")
	}
}

func TestAccess_RolesOfTheDocumentAreThoseThatThereAre(t *testing.T) {
	for _, name := range []string{"Token", "TokenRequest", "TokenCreated"} {
		words, _ := child(theDocument().tree, "components", "schemas", name, "properties", "role", "enum").([]any)
		var roles []access.Role
		for _, w := range words {
			roles = append(roles, access.Role(w.(string)))
		}
		if !slices.Equal(roles, access.Roles()) {
			t.Errorf("%s: %v", name, roles)
		}
	}
}

// TestAccess_WhoActsIsWhoWasProven: a record names the owner of the token,
// whatever else the request says.
func TestAccess_WhoActsIsWhoWasProven(t *testing.T) {
	g, _ := newGuarded(t)
	token := g.give("anna", access.Operate, nil)
	g.request("POST", "/v1/pause", `{"reason":"work","by":"somebody else"}`, "Authorization: "+token.Header()).wantWord(t, 200)
	if p, ok := g.View().Holds().Pause(fsm.Scope{}); !ok || p.By != "anna" {
		t.Errorf("got %+v", p)
	}
}

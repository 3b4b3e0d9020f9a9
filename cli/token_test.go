package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/access"
	"tocsin/api"
)

func TestToken(t *testing.T) {
	t.Setenv("TZ", "UTC")
	shown := api.Token{ID: "mfzwizlt", Name: "grafana", Role: access.Read, State: access.Valid, Created: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), By: "anna"}
	spent := shown
	spent.Name, spent.State, spent.By, spent.Expires = "old", access.Expired, "", shown.Created.Add(24*time.Hour)
	n := newFakeNode(t, api.TokenCreated{Token: shown, Index: 7, Changed: true})
	code, stdout, stderr := n.tocsin("token", "create", "grafana", "--role", "read", "--expires", "24h")
	drawn, err := access.ParseToken(strings.TrimSpace(stdout))
	if code != 0 || err != nil || !strings.Contains(stderr, "shown this once") || strings.Contains(stderr, drawn.Reveal()) {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if got, want := n.lastAsked(), `POST /v1/tokens {"name":"grafana","role":"read","expires_in":"24h0m0s","id":"`+drawn.ID()+`","hash":"`+drawn.Hash()+`"}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}

	n = newFakeNode(t, api.Tokens{Tokens: []api.Token{shown, spent}})
	code, stdout, _ = n.tocsin("token", "list")
	want := `NAME     ROLE  STATE    CREATED     BY    EXPIRES     ID
grafana  read  valid    2026-11-20  anna  -           mfzwizlt
old      read  expired  2026-11-20  -     2026-11-21  mfzwizlt
`
	if code != 0 || stdout != want {
		t.Errorf("%d\n%s", code, stdout)
	}
	code, stdout, stderr = newFakeNode(t, api.Tokens{}).tocsin("token", "list")
	if code != 0 || stdout != "" || !strings.Contains(stderr, "Create the first") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}

	// Who has shown a token was perhaps asked for it.
	t.Setenv("TOCSIN_TOKEN", access.NewToken().Reveal())
	if _, _, stderr = newFakeNode(t, api.Tokens{}).tocsin("token", "list"); stderr != "No tokens.\n" {
		t.Errorf("%q", stderr)
	}

	n = newFakeNode(t, api.TokenRevoked{ID: "mfzwizlt", Index: 8, Changed: true}, api.TokenRevoked{ID: "mfzwizlt", Index: 9})
	for _, want := range []string{"grafana revoked\n", "grafana was revoked already\n"} {
		if code, stdout, _ = n.tocsin("token", "revoke", "grafana"); code != 0 || stdout != want || n.lastAsked() != "DELETE /v1/tokens/grafana" {
			t.Errorf("%d %q %s", code, stdout, n.lastAsked())
		}
	}
}

// TestToken_IsShownIfItMayCount: nobody could show it later.
func TestToken_IsShownIfItMayCount(t *testing.T) {
	uncertain := problem{503, api.Problem{Code: api.CodeUncertain, Detail: "the leader was lost"}}
	for _, c := range []struct {
		answers []any
		shown   bool
		says    string
	}{
		// The first one was created by the first try, and from then on all are asked.
		{[]any{uncertain, problem{401, api.Problem{Code: api.CodeUnauthenticated, Detail: "nobody has said who asks"}}}, true, "nobody has said who asks. The token that was printed counts if"},
		{[]any{problem{401, api.Problem{Code: api.CodeUnauthenticated, Detail: "nobody has said who asks"}}}, false, "nobody has said who asks\n"},
		// The very token, repeated, is no conflict: it is the name of another.
		{[]any{uncertain, problem{409, api.Problem{Code: api.CodeConflict, Detail: "there is one of that name"}}}, false, "there is one of that name\n"},
		{[]any{uncertain, api.TokenCreated{Token: api.Token{Name: "root", Role: access.Admin}}}, true, "shown this once"},
	} {
		n := newFakeNode(t, c.answers...)
		code, stdout, stderr := n.tocsin("token", "create", "root", "--role", "admin")
		token, err := access.ParseToken(strings.TrimSpace(stdout))
		if (err == nil) != c.shown || !strings.Contains(stderr, c.says) {
			t.Errorf("%d %q %q", code, stdout, stderr)
		}
		if asked := n.lastAsked(); c.shown && (!strings.Contains(asked, token.Hash()) || strings.Contains(asked, token.Reveal())) {
			t.Errorf("asked %s for %s", asked, token)
		}
	}
}

// TestToken_InAFile: it is there before a node is asked, and stays unless it surely does
// not count.
func TestToken_InAFile(t *testing.T) {
	uncertain := problem{503, api.Problem{Code: api.CodeUncertain, Detail: "the leader was lost"}}
	unknown := problem{401, api.Problem{Code: api.CodeUnauthenticated, Detail: "nobody has said who asks"}}
	for _, c := range []struct {
		answers []any
		stays   bool
		says    string
	}{
		{[]any{api.TokenCreated{Token: api.Token{Name: "root", Role: access.Admin}}}, true, "made the token root with the role admin in FILE\n"},
		{[]any{uncertain, unknown}, true, "nobody has said who asks. The token in FILE counts if \"tocsin token list\" shows the id "},
		{[]any{unknown}, false, "nobody has said who asks\n"},
	} {
		n := newFakeNode(t, c.answers...)
		file := filepath.Join(t.TempDir(), "root.token")
		_, stdout, stderr := n.tocsin("token", "create", "root", "--role", "admin", "--out", file)
		if says := strings.ReplaceAll(stdout+stderr, file, "FILE"); !strings.Contains(says, c.says) {
			t.Errorf("%q does not say %q", says, c.says)
		}
		text, err := os.ReadFile(file)
		if !c.stays {
			if !os.IsNotExist(err) {
				t.Errorf("a token that does not count is left: %q, %v", text, err)
			}
			continue
		}
		token, err := access.ParseToken(strings.TrimSpace(string(text)))
		if err != nil || !strings.Contains(n.lastAsked(), token.Hash()) || strings.Contains(stdout+stderr, token.Reveal()) {
			t.Errorf("%v: asked %s, said %q %q", err, n.lastAsked(), stdout, stderr)
		}
	}
}

// TestClients_ShowTheirToken, from a file, or from the environment.
func TestClients_ShowTheirToken(t *testing.T) {
	token, other := access.NewToken(), access.NewToken()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := func(args ...string) string {
		n := newFakeNode(t, api.Status{Cluster: cluster()})
		code, _, stderr := n.tocsin(append([]string{"status"}, args...)...)
		if code != 0 {
			t.Errorf("%d %s", code, stderr)
		}
		return n.authorization
	}
	if got := shown(); got != "" {
		t.Errorf("without a token: %q", got)
	}
	if got := shown("--token-file", file); got != token.Header() {
		t.Errorf("by the flag: %q", got)
	}
	t.Setenv("TOCSIN_TOKEN_FILE", file)
	if got := shown(); got != token.Header() {
		t.Errorf("by the file of the environment: %q", got)
	}
	t.Setenv("TOCSIN_TOKEN", other.Reveal())
	if got := shown(); got != other.Header() {
		t.Errorf("by the environment: %q", got)
	}
	if got := shown("--token-file", file); got != token.Header() {
		t.Errorf("the flag before the environment: %q", got)
	}
}

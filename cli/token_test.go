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
	text := access.NewToken().Reveal()
	shown := api.Token{ID: "mfzwizlt", Name: "grafana", Role: access.Read, State: access.Valid, Created: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), By: "anna"}
	spent := shown
	spent.Name, spent.State, spent.By, spent.Expires = "old", access.Expired, "", shown.Created.Add(24*time.Hour)
	n := newFakeNode(t, api.TokenCreated{Token: shown, Text: text, Index: 7})
	code, stdout, stderr := n.tocsin("token", "create", "grafana", "--role", "read", "--expires", "24h")
	if code != 0 || stdout != text+"\n" || !strings.Contains(stderr, "shown this once") || strings.Contains(stderr, text) {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if got := n.lastAsked(); got != `POST /v1/tokens {"name":"grafana","role":"read","expires_in":"24h0m0s"}` {
		t.Errorf("asked %s", got)
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

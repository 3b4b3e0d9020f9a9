package access_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/access"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestRole_Includes(t *testing.T) {
	needs := []access.Role{access.Open, access.Read, access.Operate, access.Admin, access.Join, access.Node}
	for role, may := range map[access.Role]string{
		access.Read:    "open read",
		access.Operate: "open read operate",
		access.Admin:   "open read operate admin",
		access.Join:    "open join",
		access.Node:    "open join node",
		"":             "open",
		"root":         "open",
	} {
		var got []string
		for _, need := range needs {
			if role.Includes(need) {
				got = append(got, string(need))
			}
		}
		if strings.Join(got, " ") != may {
			t.Errorf("%q may %v, want %s", role, got, may)
		}
		if role.Includes("") || role.Includes("root") {
			t.Errorf("%q includes what is no role", role)
		}
	}
}

func TestCaller(t *testing.T) {
	node := access.Identity{Name: "n1", Role: access.Node, Proof: access.ByCertificate}
	join := access.Identity{Name: "joining", Role: access.Join, Proof: access.ByToken}
	ctx := access.With(access.With(t.Context(), node), join)
	c := access.From(ctx)
	if !c.May(access.Node) || c.May(access.Read) || c.Name() != "joining" || c.Proof() != access.ByToken {
		t.Errorf("got %+v", c)
	}
	if got, ok := c.Certificate(); !ok || got != node {
		t.Errorf("the certificate is %+v", got)
	}
	nobody := access.From(t.Context())
	if nobody.May(access.Read) || !nobody.May(access.Open) || nobody.By("anna") != "anna" || c.By("anna") != "joining" {
		t.Errorf("nobody is %+v", nobody)
	}
}

func TestDoing_ActsByWhatIsEnough(t *testing.T) {
	admin := access.Identity{Name: "ops", Role: access.Admin, Proof: access.ByCertificate}
	node := access.Identity{Name: "n1", Role: access.Node, Proof: access.ByCertificate}
	join := access.Identity{Name: "joining", Role: access.Join, Proof: access.ByToken}
	read := access.Identity{Name: "grafana", Role: access.Read, Proof: access.ByToken}
	for _, test := range []struct {
		shown []access.Identity
		need  access.Role
		want  access.Identity
	}{
		{nil, access.Open, access.Identity{}},
		{nil, access.Admin, access.Identity{}},
		{[]access.Identity{admin, join}, access.Operate, admin},
		{[]access.Identity{join, admin}, access.Operate, admin},
		{[]access.Identity{admin, join}, access.Join, join},
		{[]access.Identity{admin, join}, access.Open, join}, // either would do
		{[]access.Identity{admin, read}, access.Read, read},
		{[]access.Identity{node, join}, access.Join, join},
		{[]access.Identity{node, join}, access.Node, node},
		{[]access.Identity{node, join}, access.Admin, join}, // neither is enough
	} {
		ctx := t.Context()
		for _, i := range test.shown {
			ctx = access.With(ctx, i)
		}
		c := access.From(access.Doing(ctx, test.need))
		if got := (access.Identity{Name: c.Name(), Role: c.Role(), Proof: c.Proof()}); got != test.want {
			t.Errorf("%+v for %s: acts by %+v, want %+v", test.shown, test.need, got, test.want)
		}
		for _, i := range test.shown {
			if !slices.Contains(c, i) || len(c) != len(test.shown) {
				t.Errorf("%+v for %s: %+v was lost in %+v", test.shown, test.need, i, c)
			}
		}
	}
}

func TestToken_HidesItsSecret(t *testing.T) {
	token := access.NewToken()
	secret := strings.Split(token.Reveal(), "_")[2]
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "token", token, "in", struct{ T access.Token }{token})
	asJSON, err := json.Marshal(map[string]any{"t": token, "p": &token})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q", token, token, token, token, token),
		fmt.Sprintf("%v %+v %#v", &token, struct{ T access.Token }{token}, []access.Token{token}), log.String(), string(asJSON),
	} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s shows the secret", shown)
		}
		if !strings.Contains(shown, token.ID()) {
			t.Errorf("%s does not say which token", shown)
		}
	}
}

func TestFromHeader(t *testing.T) {
	token := access.NewToken()
	for header, want := range map[string]string{
		"":                                 "none",
		token.Header():                     "token",
		"bearer " + token.Reveal():         "token",
		"Bearer   " + token.Reveal() + " ": "token",
		"Bearer":                           "error",
		"Bearer ":                          "error",
		"Basic dXNlcjpwYXNz":               "error",
		token.Reveal():                     "error",
		"Bearer " + strings.ToUpper(token.Reveal()):   "error",
		"Bearer " + token.Reveal() + "x":              "error",
		"Bearer " + token.Reveal() + "_":              "error",
		"Bearer tocsin__" + strings.Repeat("a", 52):   "error",
		"Bearer " + strings.Repeat("tocsin_", 100000): "error",
	} {
		got, given, err := access.FromHeader(header)
		is := "none"
		switch {
		case err != nil:
			is = "error"
			if secret := strings.Split(token.Reveal(), "_")[2]; strings.Contains(err.Error(), secret) {
				t.Errorf("%v shows the secret", err)
			}
		case given:
			is = "token"
		}
		if is != want || given && got != token {
			t.Errorf("%.60q: got %s (%v, %v), want %s", header, is, got, err, want)
		}
	}
}

func TestVerify(t *testing.T) {
	token, other := access.NewToken(), access.NewToken()
	record := access.Record{ID: token.ID(), Name: "anna", Role: access.Operate, Hash: token.Hash(), Expires: noon}
	for name, test := range map[string]struct {
		token access.Token
		spoil func(*access.Record)
		at    time.Time
		want  string
	}{
		"valid":                 {token, func(*access.Record) {}, noon.Add(-1), ""},
		"expired":               {token, func(*access.Record) {}, noon, "has expired"},
		"revoked":               {token, func(r *access.Record) { r.Revoked = noon }, noon.Add(-1), "was revoked"},
		"another secret":        {other, func(*access.Record) {}, noon.Add(-1), "no such token"},
		"a record without hash": {token, func(r *access.Record) { r.Hash = "" }, noon.Add(-1), "no such token"},
	} {
		r := record
		test.spoil(&r)
		got, err := access.Verify(test.token, &r, test.at)
		if test.want == "" {
			if want := (access.Identity{Name: "anna", Role: access.Operate, Proof: access.ByToken}); err != nil || got != want {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.want) || got != (access.Identity{}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := access.Verify(token, nil, noon); !errors.Is(err, access.ErrUnknownToken) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestParseRecords(t *testing.T) {
	a, b := access.NewToken(), access.NewToken()
	lines := func(records ...access.Record) string {
		var text strings.Builder
		text.WriteString("# the first tokens\n\n")
		for _, r := range records {
			text.WriteString(r.Line() + "\n")
		}
		return text.String()
	}
	first := access.Record{ID: a.ID(), Name: "root", Role: access.Admin, Hash: a.Hash()}
	second := access.Record{ID: b.ID(), Name: "nodes", Role: access.Join, Hash: b.Hash()}
	got, err := access.ParseRecords(lines(first, second))
	if err != nil || len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, wrong := range []string{
		lines(first, first), "admin root", "admin root " + a.ID() + " 00", "god root " + a.ID() + " " + a.Hash(),
		a.Reveal(), lines(first) + "x",
	} {
		if got, err := access.ParseRecords(wrong); err == nil || strings.Contains(err.Error(), a.Reveal()) {
			t.Errorf("%q: got %+v, %v", wrong, got, err)
		}
	}
}

func TestMode_Asks(t *testing.T) {
	for mode, want := range map[access.Mode][2]bool{
		access.On: {true, true}, access.Auto: {false, true}, "": {false, true}, access.Off: {false, false},
	} {
		if got := [2]bool{mode.Asks(false), mode.Asks(true)}; got != want {
			t.Errorf("%q: without and with tokens %v, want %v", mode, got, want)
		}
	}
}

func FuzzFromHeader(f *testing.F) {
	f.Add("Bearer " + access.NewToken().Reveal())
	f.Add("Bearer tocsin_a_b")
	f.Add("")
	f.Fuzz(func(t *testing.T, header string) {
		token, given, err := access.FromHeader(header)
		if err != nil && given || !given && !token.IsZero() {
			t.Fatalf("%q: %v, %v, %v", header, token, given, err)
		}
		if !given {
			return
		}
		again, ok, err := access.FromHeader(token.Header())
		if !ok || err != nil || again != token {
			t.Fatalf("%q reads as %v and then as %v, %v", header, token, again, err)
		}
	})
}

func FuzzParseRecords(f *testing.F) {
	token := access.NewToken()
	r := access.Record{ID: token.ID(), Name: "root", Role: access.Admin, Hash: token.Hash()}
	f.Add(r.Line())
	f.Fuzz(func(t *testing.T, text string) {
		all, err := access.ParseRecords(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, r := range all {
			again.WriteString(r.Line() + "\n")
		}
		same, err := access.ParseRecords(again.String())
		if err != nil || len(same) != len(all) {
			t.Fatalf("%q: %v", again.String(), err)
		}
	})
}

func TestMayRegister(t *testing.T) {
	cert := func(name string) access.Identity {
		return access.Identity{Name: name, Role: access.Node, Proof: access.ByCertificate}
	}
	token := func(role access.Role) access.Identity {
		return access.Identity{Name: "t", Role: role, Proof: access.ByToken}
	}
	newcomer, member := access.Applicant{Node: "n1"}, access.Applicant{Node: "n1", Member: true}
	again := access.Applicant{Node: "n1", Member: true, Again: true}
	bare := access.Applicant{Node: "n1", NoTokens: true}
	for name, test := range map[string]struct {
		caller access.Caller
		who    access.Applicant
		says   string // "" if it may
	}{
		"a newcomer with a join token":                  {access.Caller{token(access.Join)}, newcomer, ""},
		"a newcomer with both":                          {access.Caller{cert("n1"), token(access.Join)}, newcomer, ""},
		"a newcomer with a node token":                  {access.Caller{token(access.Node)}, newcomer, ""},
		"a newcomer with a certificate alone":           {access.Caller{cert("n1")}, newcomer, "joining takes a token"},
		"the same where there are no tokens":            {access.Caller{cert("n1")}, bare, ""},
		"a newcomer with an admin token":                {access.Caller{token(access.Admin)}, newcomer, "joining takes a token"},
		"a newcomer with another's certificate":         {access.Caller{cert("n2"), token(access.Join)}, newcomer, "that of \"n2\""},
		"another's certificate where there are none":    {access.Caller{cert("n2")}, bare, "that of \"n2\""},
		"a member with its certificate":                 {access.Caller{cert("n1")}, member, ""},
		"a member with its certificate and join":        {access.Caller{cert("n1"), token(access.Join)}, member, ""},
		"a member's name with a join token":             {access.Caller{token(access.Join)}, member, "changes neither the addresses"},
		"a member's name with a node token":             {access.Caller{token(access.Node)}, member, ""},
		"a member's name with another's certificate":    {access.Caller{cert("n2"), token(access.Node)}, member, "that of \"n2\""},
		"the same process asks again with a join token": {access.Caller{token(access.Join)}, again, ""},
		"nobody": {nil, newcomer, "joining takes a token"},
		"a client's certificate where there are no tokens": {
			access.Caller{{Name: "n1", Role: access.Admin, Proof: access.ByCertificate}}, bare, "joining takes a token",
		},
	} {
		err := access.MayRegister(test.caller, test.who)
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

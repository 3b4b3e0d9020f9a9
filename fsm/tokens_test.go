package fsm_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/access"
	"tocsin/fsm"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func record(name string, role access.Role) access.Record {
	t := access.NewToken()
	return access.Record{ID: t.ID(), Name: name, Role: role, Hash: t.Hash(), Created: noon}
}

// again is what is asked for when r is asked for once more, a while later.
func again(r access.Record, otherwise func(*access.Record)) access.Record {
	r.Created = r.Created.Add(time.Minute)
	if !r.Expires.IsZero() {
		r.Expires = r.Expires.Add(time.Minute)
	}
	if otherwise != nil {
		otherwise(&r)
	}
	return r
}

func TestTokens_OfTheFoundingAreThereFromTheFirstEntryOn(t *testing.T) {
	m := fsm.NewMachine()
	first := []access.Record{record("root", access.Admin), record("nodes", access.Join)}
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings(), Tokens: first})
	if n := m.View().TokenCount(); n != 2 {
		t.Fatalf("%d tokens", n)
	}
	for _, r := range first {
		got, ok := m.View().Token(r.ID)
		if !ok || *got != r {
			t.Errorf("got %+v, want %+v", got, r)
		}
	}
}

func TestTokens_AreRevokedOnceAndStayKnown(t *testing.T) {
	m := fsm.NewMachine()
	admin, reader := record("root", access.Admin), record("grafana", access.Read)
	reader.Expires = reader.Created.Add(24 * time.Hour)
	commit(t, m, 1, fsm.CreateToken{Token: admin}, fsm.CreateToken{Token: reader})
	for i, step := range []struct {
		command fsm.Command
		changed bool
		code    fsm.Code
	}{
		{fsm.CreateToken{Token: reader}, false, ""}, // asked again
		{fsm.CreateToken{Token: again(reader, nil)}, false, ""},
		{fsm.CreateToken{Token: again(reader, func(r *access.Record) { r.Role = access.Admin })}, false, fsm.Conflict},
		{fsm.CreateToken{Token: again(reader, func(r *access.Record) { r.Name = "other" })}, false, fsm.Conflict},
		{fsm.CreateToken{Token: again(reader, func(r *access.Record) { r.Expires = r.Created.Add(time.Hour) })}, false, fsm.Conflict},
		{fsm.RevokeToken{ID: reader.ID, Time: noon}, true, ""},
		{fsm.RevokeToken{ID: reader.ID, Time: noon.Add(time.Hour)}, false, ""},
		{fsm.RevokeToken{ID: "nothing", Time: noon}, false, fsm.NotFound},
		{fsm.CreateToken{Token: access.Record{ID: reader.ID, Name: "other", Role: access.Admin, Hash: admin.Hash}}, false, fsm.Conflict},
	} {
		r := commit(t, m, uint64(i)+2, step.command)[0]
		code := fsm.Code("")
		if r.Refused != nil {
			code = r.Refused.Code
		}
		if r.Changed != step.changed || code != step.code {
			t.Errorf("%+v: changed %v, refused %v", step.command, r.Changed, r.Refused)
		}
	}
	for _, v := range []*fsm.View{m.View(), restoredAs(t, fsm.Dialect{}, m).View()} {
		got, _ := v.Token(reader.ID)
		want := reader
		want.Revoked = noon
		if diff := cmp.Diff(want, *got); diff != "" || v.TokenCount() != 2 {
			t.Errorf("%d tokens, %s", v.TokenCount(), diff)
		}
	}
}

// TestTokens_AreBounded: the revoked one that was created first makes room, and
// without one there is none.
func TestTokens_AreBounded(t *testing.T) {
	m := fsm.NewMachine()
	all := make([]fsm.Command, 0, fsm.MaxTokens)
	for i := range fsm.MaxTokens {
		r := record(fmt.Sprintf("t%d", i), access.Read)
		r.Created = noon.Add(time.Duration(i) * time.Second)
		all = append(all, fsm.CreateToken{Token: r})
	}
	commit(t, m, 1, all...)
	more := record("more", access.Read)
	if r := commit(t, m, 2, fsm.CreateToken{Token: more})[0]; r.Refused == nil || r.Refused.Code != fsm.Conflict {
		t.Fatalf("got %+v", r)
	}
	older, younger := all[3].(fsm.CreateToken).Token.ID, all[4].(fsm.CreateToken).Token.ID
	commit(t, m, 3, fsm.RevokeToken{ID: younger, Time: noon}, fsm.RevokeToken{ID: older, Time: noon})
	if r := commit(t, m, 4, fsm.CreateToken{Token: more})[0]; !r.Changed {
		t.Fatalf("got %+v", r)
	}
	_, forgotten := m.View().Token(older)
	_, kept := m.View().Token(younger)
	if forgotten || !kept || m.View().TokenCount() != fsm.MaxTokens {
		t.Errorf("older there %v, younger there %v, of %d", forgotten, kept, m.View().TokenCount())
	}
}

func TestValidate_Tokens(t *testing.T) {
	m := fsm.NewMachine()
	admin, spare, spent := record("root", access.Admin), record("spare", access.Admin), record("old", access.Admin)
	spare.Expires = noon.Add(time.Hour)
	commit(t, m, 1, fsm.CreateToken{Token: admin}, fsm.CreateToken{Token: spare}, fsm.CreateToken{Token: spent}, fsm.RevokeToken{ID: spent.ID, Time: noon})
	named := func(name string, spoil func(*access.Record)) fsm.CreateToken {
		r := record(name, access.Read)
		spoil(&r)
		return fsm.CreateToken{Token: r}
	}
	as := func(*access.Record) {}
	for name, test := range map[string]struct {
		command fsm.Command
		code    fsm.Code // "" if nothing speaks against it
	}{
		"a new one":                            {named("new", as), ""},
		"the name of one that is revoked":      {named("old", as), ""},
		"the name of another":                  {named("root", as), fsm.Conflict},
		"no name":                              {named("", as), fsm.Invalid},
		"a name that breaks a line":            {named("a\nb", as), fsm.Invalid},
		"no such role":                         {named("new", func(r *access.Record) { r.Role = "god" }), fsm.Invalid},
		"a role that nobody holds":             {named("new", func(r *access.Record) { r.Role = access.Open }), fsm.Invalid},
		"a hash that is none":                  {named("new", func(r *access.Record) { r.Hash = "00" }), fsm.Invalid},
		"an id that is none":                   {named("new", func(r *access.Record) { r.ID = "../../x" }), fsm.Invalid},
		"revoke one of two admins":             {fsm.RevokeToken{ID: admin.ID, Time: noon}, ""},
		"revoke the last that has not ended":   {fsm.RevokeToken{ID: admin.ID, Time: noon.Add(2 * time.Hour)}, fsm.Conflict},
		"revoke one that has ended":            {fsm.RevokeToken{ID: spare.ID, Time: noon.Add(2 * time.Hour)}, ""},
		"revoke one that is revoked":           {fsm.RevokeToken{ID: spent.ID, Time: noon}, ""},
		"revoke one that there is not":         {fsm.RevokeToken{ID: "nothing", Time: noon}, fsm.NotFound},
		"found with a token that is not right": {fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings(), Tokens: []access.Record{{Name: "x"}}}, fsm.Invalid},
	} {
		code := fsm.Code("")
		refused := fsm.Validate(m.View(), test.command)
		if refused != nil {
			code = refused.Code
		}
		if code != test.code {
			t.Errorf("%s: got %v, want %q", name, refused, test.code)
		}
	}
	if got := slices.Collect(m.View().Tokens()); len(got) != 3 {
		t.Errorf("%d tokens", len(got))
	}
}

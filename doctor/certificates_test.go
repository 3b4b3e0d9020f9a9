package doctor_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/doctor"
	"tocsin/pki"
)

// TestLook_Certificates: what is wrong with real files is found, and none of it shows
// a key.
func TestLook_Certificates(t *testing.T) {
	now := time.Now()
	authority := func() *pki.Authority {
		ca, err := pki.NewAuthority("ours", now.Add(-3*pki.CertificateLife), pki.AuthorityLife)
		if err != nil {
			t.Fatal(err)
		}
		return ca
	}
	ca, other := authority(), authority()
	equip := func(ca *pki.Authority, name string, role pki.Role, at time.Time) string {
		dir := filepath.Join(t.TempDir(), "tls")
		if _, err := pki.Equip(dir, ca, pki.Request{Subject: pki.Subject{Role: role, Name: name}}, at); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	mixed := func(into, from, file string) string {
		text, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(into, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
		return into
	}
	good := func() string { return equip(ca, "n1", pki.Node, now) }
	open := good()
	if err := os.Chmod(filepath.Join(open, pki.KeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		want string // in the findings that are not well, "" for none
	}{
		"a good one":           {good(), ""},
		"another node's":       {equip(ca, "n2", pki.Node, now), "that of node n2, and this is node n1"},
		"an operator's":        {equip(ca, "n1", pki.Admin, now), "that of client n1"},
		"another one's key":    {mixed(good(), good(), pki.KeyFile), "is not the key of the certificate"},
		"another CA":           {mixed(good(), equip(other, "n1", pki.Node, now), pki.AuthorityFile), "the certificate is of no CA in"},
		"one that has expired": {equip(ca, "n1", pki.Node, now.Add(-2*pki.CertificateLife)), "expired on"},
		"one that ends soon":   {equip(ca, "n1", pki.Node, now.Add(-pki.CertificateLife+10*pki.Day)), "expires on"},
		"one of tomorrow":      {equip(ca, "n1", pki.Node, now.Add(2*pki.Day)), "valid only from"},
		"nothing":              {t.TempDir(), "no such file"},
		"a key for everybody":  {open, "can be read by everybody"},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			f.Local = doctor.Look(t.Context(), nil, "n1", doctor.Place{TLS: c.dir})
			report := doctor.Examine(f)
			bad := slices.DeleteFunc(report.Findings, func(f doctor.Finding) bool { return f.Severity == doctor.OK })
			if c.want == "" {
				if len(bad) > 0 {
					t.Errorf("found %+v", bad)
				}
				return
			}
			if len(bad) != 1 || !strings.Contains(bad[0].Text, c.want) {
				t.Errorf("found %+v, want %q", bad, c.want)
			}
		})
	}
}

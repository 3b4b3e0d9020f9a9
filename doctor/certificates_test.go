//go:build linux

package doctor_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
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
	past, err := pki.NewAuthority("past", now.Add(-pki.AuthorityLife-pki.Day), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	both := good()
	if err := pki.WriteCertificates(filepath.Join(both, pki.AuthorityFile), ca.Certificate, past.Certificate); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		want string // in the findings that are not well, "" for none
	}{
		"an old CA beside it":  {both, `The certificate of the CA "past" expired on`},
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
				t.Fatalf("found %+v, want %q", bad, c.want)
			}
			if c.dir == both && (bad[0].Severity != doctor.Warning || !strings.Contains(bad[0].Remedy, "take it out of "+filepath.Join(both, pki.AuthorityFile)) || !strings.Contains(bad[0].Remedy, "number 2")) {
				t.Errorf("found %+v", bad)
			}
		})
	}
}

// TestLook_CertificatesOfAnotherAccount: what this account may not read is not wrong.
func TestLook_CertificatesOfAnotherAccount(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	ca, err := pki.NewAuthority("ours", time.Now(), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Equip(dir, ca, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n1"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, pki.KeyFile), 0); err != nil {
		t.Fatal(err)
	}
	found := make(chan *doctor.Local, 1) // so that who looks always ends
	go func() {
		defer close(found)
		runtime.LockOSThread() // and never unlocked: its thread ends with it, for the rights of root are gone
		if err := syscall.Setfsuid(1234); os.Getuid() == 0 && err != nil {
			t.Error(err)
			return
		}
		found <- doctor.Look(t.Context(), nil, "n1", doctor.Place{TLS: dir})
	}()
	f := healthy()
	f.Local = <-found
	report := doctor.Examine(f)
	at := slices.IndexFunc(report.Findings, func(f doctor.Finding) bool { return f.Subject == "certificates" })
	if at < 0 || report.Findings[at].Severity != doctor.Info || report.Findings[at].Remedy[:len("sudo tocsin tls show "+dir)] != "sudo tocsin tls show "+dir {
		t.Errorf("found %+v", report.Findings)
	}
}

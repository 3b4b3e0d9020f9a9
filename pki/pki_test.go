package pki_test

import (
	"crypto/x509"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/pki"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func authority(t testing.TB) *pki.Authority {
	t.Helper()
	a, err := pki.NewAuthority("test", noon, pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t testing.TB, a *pki.Authority, r pki.Request, at time.Time) *x509.Certificate {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(r, key.Public(), at)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestParseSubject(t *testing.T) {
	for text, want := range map[string]pki.Subject{
		"tocsin://node/paris1":                     {Role: pki.Node, Name: "paris1"},
		"tocsin://admin/anna":                      {Role: pki.Admin, Name: "anna"},
		"tocsin://read/grafana":                    {Role: pki.Read, Name: "grafana"},
		"tocsin://root/anna":                       {},
		"tocsin://node/":                           {},
		"tocsin://node":                            {},
		"tocsin://node/a/b":                        {},
		"tocsin://node//paris1":                    {},
		"tocsin://node/paris1?role=admin":          {},
		"tocsin://node/paris1#x":                   {},
		"tocsin://u@node/paris1":                   {},
		"tocsin://node:1/paris1":                   {},
		"tocsin://node/pa%72is1":                   {},
		"tocsin://Node/paris1":                     {},
		"https://node/paris1":                      {},
		"tocsin:node/paris1":                       {},
		"tocsin://node/" + strings.Repeat("a", 65): {},
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pki.ParseSubject(u)
		if got != want || (err == nil) != (want != pki.Subject{}) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestSubjectOf(t *testing.T) {
	a := authority(t)
	node := issue(t, a, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n1"}, Hosts: []string{"10.0.0.1", "n1.example"}}, noon)
	client := issue(t, a, pki.Request{Subject: pki.Subject{Role: pki.Operate, Name: "anna"}}, noon)
	if s, err := pki.SubjectOf(node); err != nil || s.String() != "node n1" {
		t.Errorf("got %v, %v", s, err)
	}
	if s, err := pki.SubjectOf(client); err != nil || s.String() != "client anna (operate)" {
		t.Errorf("got %v, %v", s, err)
	}
	if hosts := strings.Join(pki.Hosts(node), " "); hosts != "n1.example 10.0.0.1" {
		t.Errorf("hosts are %s", hosts)
	}
	for what, spoil := range map[string]func(*x509.Certificate){
		"without a subject":         func(c *x509.Certificate) { c.URIs = nil },
		"of a CA":                   func(c *x509.Certificate) { c.IsCA = true },
		"with two subjects":         func(c *x509.Certificate) { c.URIs = append(c.URIs, c.URIs[0]) },
		"of a node for calls alone": func(c *x509.Certificate) { c.ExtKeyUsage = client.ExtKeyUsage },
		"of a client that serves":   func(c *x509.Certificate) { c.URIs = client.URIs },
	} {
		cert := *node
		spoil(&cert)
		if s, err := pki.SubjectOf(&cert); err == nil || s != (pki.Subject{}) {
			t.Errorf("a certificate %s is that of %v", what, s)
		}
	}
}

func TestAuthority_Issue(t *testing.T) {
	a := authority(t)
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []pki.Request{
		{},
		{Subject: pki.Subject{Role: "root", Name: "a"}},
		{Subject: pki.Subject{Role: pki.Node, Name: "a b"}},
		{Subject: pki.Subject{Role: pki.Node, Name: "a"}, Hosts: []string{"10.0.0.1:6000"}},
		{Subject: pki.Subject{Role: pki.Node, Name: "a"}, Hosts: []string{""}},
		{Subject: pki.Subject{Role: pki.Node, Name: "a"}, Hosts: make([]string, 101)},
		{Subject: pki.Subject{Role: pki.Node, Name: "a"}, Life: -1},
		{Subject: pki.Subject{Role: pki.Read, Name: "a"}, Hosts: []string{"a"}},
	} {
		if _, err := a.Issue(wrong, key.Public(), noon); err == nil {
			t.Errorf("%+v is issued", wrong)
		}
	}
	late := noon.Add(pki.AuthorityLife - pki.Day)
	if cert := issue(t, a, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "a"}}, late); cert.NotAfter.After(a.Certificate.NotAfter) {
		t.Error("a certificate outlives its CA")
	}
	if _, err := a.Issue(pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "a"}}, key.Public(), noon.Add(pki.AuthorityLife+1)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("a CA that has expired issues: %v", err)
	}
}

func TestRemark(t *testing.T) {
	a := authority(t)
	cert := issue(t, a, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n1"}}, noon)
	short := issue(t, a, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n2"}, Life: 40 * pki.Day}, noon)
	for _, test := range []struct {
		cert *x509.Certificate
		at   time.Time
		want string
	}{
		{cert, noon, ""},
		{cert, cert.NotAfter.Add(-30 * pki.Day), ""},
		{cert, cert.NotAfter.Add(-30*pki.Day + 1), "the certificate of node n1 expires on 2027-11-20: \"tocsin tls renew cluster --ca-dir cluster/ca\""},
		{cert, cert.NotAfter.Add(1), "the certificate of node n1 expired on 2027-11-20: \"tocsin tls renew cluster --ca-dir cluster/ca\""},
		{cert, noon.Add(-2 * time.Hour), "is valid only from 2026-11-20 11:00:00 on"},
		{short, noon.Add(29 * pki.Day), ""},
		{short, noon.Add(31 * pki.Day), "node n2 expires on 2026-12-30"},
		{a.Certificate, a.Certificate.NotAfter.Add(-pki.Day), "the certificate of the CA \"test\" expires on 2036-11-17: \"tocsin tls ca next\" makes a new one"},
	} {
		if got := pki.Remark(test.cert, test.at); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("at %v: got %q, want %q", test.at, got, test.want)
		}
	}
}

func TestEquipAndRenew(t *testing.T) {
	dir := t.TempDir()
	ca, node := filepath.Join(dir, "ca"), filepath.Join(dir, "n1", "tls")
	if err := pki.SaveAuthority(ca, authority(t)); err != nil {
		t.Fatal(err)
	}
	a, err := pki.OpenAuthority(ca)
	if err != nil {
		t.Fatal(err)
	}
	r := pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n1"}, Hosts: []string{"10.0.0.1"}}
	first, err := pki.Equip(node, a, r, noon)
	if err != nil {
		t.Fatal(err)
	}
	files := pki.FilesIn(node)
	for name, mode := range map[string]os.FileMode{
		filepath.Join(ca, pki.AuthorityKeyFile): 0o600, filepath.Join(ca, pki.AuthorityFile): 0o644,
		files.Key: 0o600, files.Cert: 0o644, files.CA: 0o644,
	} {
		if info, err := os.Stat(name); err != nil || info.Mode() != mode {
			t.Errorf("%s has the mode %v, %v, want %v", name, info.Mode(), err, mode)
		}
	}
	renewed, err := pki.Renew(files.Cert, a, 0, noon.Add(300*pki.Day))
	if err != nil {
		t.Fatal(err)
	}
	if renewed.NotAfter != first.NotAfter.Add(300*pki.Day) || strings.Join(pki.Hosts(renewed), "") != "10.0.0.1" {
		t.Errorf("renewed until %v for %v", renewed.NotAfter, pki.Hosts(renewed))
	}
	m, err := files.Load()
	if err != nil || !m.Chain[0].Equal(renewed) {
		t.Errorf("what is there after a renewal does not fit together: %v", err)
	}
	if _, err := pki.Equip(node, a, r, noon); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a key is replaced: %v", err)
	}
	if err := pki.SaveAuthority(ca, a); err == nil {
		t.Error("a CA is replaced")
	}
	before, other := read(t, files.Cert), authority(t)
	if _, err := pki.Renew(files.Cert, other, 0, noon); err == nil || !strings.Contains(err.Error(), "would not be believed") || read(t, files.Cert) != before {
		t.Errorf("a certificate is renewed by a CA that nobody believes there: %v", err)
	}
	if err := pki.WriteCertificates(files.CA, a.Certificate, other.Certificate); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Renew(files.Cert, other, 0, noon); err != nil {
		t.Errorf("a certificate is not renewed by the next CA, which is believed: %v", err)
	}
	if _, err := pki.Renew(files.CA, a, 0, noon); err == nil {
		t.Error("the certificate of a CA is renewed by itself")
	}
}

func TestFiles_Load(t *testing.T) {
	dir := t.TempDir()
	a := authority(t)
	for _, name := range []string{"n1", "n2"} {
		if _, err := pki.Equip(filepath.Join(dir, name), a, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: name}}, noon); err != nil {
			t.Fatal(err)
		}
	}
	good, other := pki.FilesIn(filepath.Join(dir, "n1")), pki.FilesIn(filepath.Join(dir, "n2"))
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		files pki.Files
		want  string
	}{
		"good":                  {good, ""},
		"the CA alone":          {pki.Files{CA: good.CA}, ""},
		"the key of another":    {pki.Files{CA: good.CA, Cert: good.Cert, Key: other.Key}, "is not the key of the certificate"},
		"no key":                {pki.Files{CA: good.CA, Cert: good.Cert, Key: empty}, "there is no key in it"},
		"a certificate as key":  {pki.Files{CA: good.CA, Cert: good.Cert, Key: good.Cert}, "where PRIVATE KEY belongs"},
		"a key as certificate":  {pki.Files{CA: good.CA, Cert: good.Key, Key: good.Key}, "where certificates belong"},
		"a certificate as CA":   {pki.Files{CA: good.Cert, Cert: good.Cert, Key: good.Key}, "not that of a CA"},
		"nothing":               {pki.Files{CA: empty}, "there is no certificate in it"},
		"a file that is absent": {pki.FilesIn(filepath.Join(dir, "n3")), "no such file"},
	} {
		_, err := test.files.Load()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, seed := range []string{"tocsin://node/paris1", "tocsin://admin/a?b#c", "tocsin:x", "//", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		s, err := pki.ParseSubject(u)
		if err == nil && (s.URI().String() != u.String() || s.Validate() != nil) {
			t.Fatalf("%q is read as %v", text, s)
		}
	})
}

func FuzzParseCertificates(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		certs, err := pki.ParseCertificates(text)
		if (err == nil) == (len(certs) == 0) {
			t.Fatalf("%d certificates, %v", len(certs), err)
		}
		for _, cert := range certs {
			_, _ = pki.SubjectOf(cert)
			_ = pki.Remark(cert, noon)
		}
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

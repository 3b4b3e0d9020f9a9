package credentials_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"tocsin/credentials"
	"tocsin/pki"
)

// TestStanding_Judge: what is grave, and what is to be done about each.
func TestStanding_Judge(t *testing.T) {
	now := time.Now()
	authority := func(name string, ago time.Duration) *pki.Authority {
		a, err := pki.NewAuthority(name, now.Add(-ago), pki.AuthorityLife)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ours, past, ending := authority("ours", 3*pki.CertificateLife), authority("past", pki.AuthorityLife+pki.Day), authority("ending", pki.AuthorityLife-pki.Day)
	issue := func(a *pki.Authority, ago time.Duration) *x509.Certificate {
		key, err := pki.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		cert, err := a.Issue(pki.Request{Subject: pki.Subject{Role: pki.Node, Name: "n1"}}, key.Public(), now.Add(-ago))
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	good := issue(ours, pki.Day)
	type roots = []*x509.Certificate
	for name, test := range map[string]struct {
		own     *x509.Certificate
		roots   roots
		trouble string
		grave   bool
		want    string // in what is said, "" for nothing
	}{
		"good":                          {good, roots{ours.Certificate}, "", false, ""},
		"it has expired":                {issue(ours, 2*pki.CertificateLife), roots{ours.Certificate}, "", true, "node n1 expired on"},
		"it expires soon":               {issue(ours, pki.CertificateLife-pki.Day), roots{ours.Certificate}, "", false, "tocsin tls renew cluster --ca-dir cluster/ca"},
		"an old CA beside a good one":   {good, roots{past.Certificate, ours.Certificate}, "", false, `the CA "past" expired on`},
		"which is to be taken out":      {good, roots{past.Certificate, ours.Certificate}, "", false, `take it out of /t/ca.crt, here, on the other nodes and at the operators; it is number 1 in it, as "tocsin tls show /t/ca.crt"`},
		"one that ends beside another":  {good, roots{ours.Certificate, ending.Certificate}, "", false, "once all of them have a certificate of another CA, take it out of /t/ca.crt"},
		"another than the one it is of": {good, roots{past.Certificate}, "", true, `the CA "past" expired on`},
		"half a file":                   {good, roots{ours.Certificate}, "no certificate", false, "can't be used, and the ones before are kept: no certificate"},
		"nothing to begin with":         {nil, nil, "no certificate", true, `can't be used: no certificate: put in place what fits together ("tocsin tls show /t" shows`},
	} {
		said := credentials.Standing{Files: pki.FilesIn("/t"), Own: test.own, Roots: test.roots, Trouble: test.trouble}.Judge(now)
		if test.want == "" {
			if len(said) > 0 {
				t.Errorf("%s: %v", name, said)
			}
			continue
		}
		if len(said) != 1 || said[0].Grave != test.grave || !strings.Contains(said[0].String(), test.want) {
			t.Errorf("%s: got %v, want %q", name, said, test.want)
		}
	}
}

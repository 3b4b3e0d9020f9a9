package credentials_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"tocsin/credentials"
	"tocsin/pki"
)

// TestStanding_JudgesWhatLeadsToTheRoot: a CA between the node's certificate and the one
// that is believed ends before both. Without it nobody lets the node in.
func TestStanding_JudgesWhatLeadsToTheRoot(t *testing.T) {
	now := time.Now()
	serial := int64(0)
	issue := func(name string, isCA bool, ends time.Time, of *x509.Certificate, by crypto.Signer, key crypto.Signer) *x509.Certificate {
		t.Helper()
		serial++
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: now.AddDate(-1, 0, 0), NotAfter: ends, IsCA: isCA, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		if isCA {
			template.KeyUsage = x509.KeyUsageCertSign
		}
		if of == nil {
			of = template
		}
		der, err := x509.CreateCertificate(rand.Reader, template, of, key.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	keyOf := func() crypto.Signer {
		key, err := pki.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	rootKey, betweenKey, ownKey := keyOf(), keyOf(), keyOf()
	late := now.AddDate(2, 0, 0)
	root := issue("root", true, late, nil, rootKey, rootKey)
	between := func(ends time.Time) *x509.Certificate {
		return issue("between", true, ends, root, rootKey, betweenKey)
	}
	lasting := between(late)
	own := issue("n1", false, late, lasting, betweenKey, ownKey)
	for name, test := range map[string]struct {
		between []*x509.Certificate
		grave   bool
		want    string
	}{
		"it lasts":             {[]*x509.Certificate{lasting}, false, ""},
		"it has ended":         {[]*x509.Certificate{between(now.Add(-time.Hour))}, true, "expired on"},
		"it ends soon":         {[]*x509.Certificate{between(now.Add(time.Hour))}, false, "expires on"},
		"another one is there": {[]*x509.Certificate{between(now.Add(-time.Hour)), lasting}, false, ""},
	} {
		said := credentials.Standing{Files: pki.FilesIn("/t"), Own: own, Between: test.between, Roots: []*x509.Certificate{root}}.Judge(now)
		if test.want == "" {
			if len(said) > 0 {
				t.Errorf("%s: %v", name, said)
			}
			continue
		}
		if len(said) != 1 || said[0].Grave != test.grave || !strings.Contains(said[0].String(), test.want) || !strings.Contains(said[0].Remedy, "/t/tls.crt") {
			t.Errorf("%s: got %v, want %q", name, said, test.want)
		}
	}
}

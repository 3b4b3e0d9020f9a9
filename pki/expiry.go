package pki

import (
	"crypto/x509"
	"fmt"
	"time"
)

// soonest is how long before its end people are warned of a certificate, if it
// lasts long enough for that.
const soonest = 30 * Day

// Validity says how a certificate stands to a moment.
type Validity string

// The states of a certificate.
const (
	Valid   Validity = "valid"
	Soon    Validity = "expires soon"
	Expired Validity = "expired"
	Early   Validity = "not valid yet"
)

// ValidityOf says how cert stands at now. One that is renewed often is Soon only
// in the last quarter of its life.
func ValidityOf(cert *x509.Certificate, now time.Time) Validity {
	warning := min(soonest, cert.NotAfter.Sub(cert.NotBefore)/4)
	switch {
	case now.Before(cert.NotBefore):
		return Early
	case now.After(cert.NotAfter):
		return Expired
	case now.Add(warning).After(cert.NotAfter):
		return Soon
	}
	return Valid
}

// Remark says in one line what is to be said about a certificate at now, and what to
// do; "" for a valid one.
func Remark(cert *x509.Certificate, now time.Time) string {
	text, remedy := Say(cert, now)
	if text == "" {
		return ""
	}
	return text + ": " + remedy
}

// Say says what is to be said about a certificate at now, and what to do, apart; "" for
// a valid one.
func Say(cert *x509.Certificate, now time.Time) (text, remedy string) {
	who := "the certificate of " + TitleOf(cert)
	remedy = `"tocsin tls renew cluster --ca-dir cluster/ca", where "tocsin init" has made the folder cluster, renews it; put the new tls.crt in place, no restart is needed`
	if cert.IsCA {
		remedy = `"tocsin tls ca next" makes a new one; docs/security.md tells step by step how to go over to it`
	}
	switch ValidityOf(cert, now) {
	case Early:
		return fmt.Sprintf("%s is valid only from %s on", who, cert.NotBefore.UTC().Format(time.DateTime)), `look at the clock of this machine ("date -u"), and of the one that issued it`
	case Expired:
		return fmt.Sprintf("%s expired on %s", who, day(cert.NotAfter)), remedy
	case Soon:
		return fmt.Sprintf("%s expires on %s", who, day(cert.NotAfter)), remedy
	}
	return "", ""
}

// TitleOf says whose certificate it is, as well as can be told.
func TitleOf(cert *x509.Certificate) string {
	if cert.IsCA {
		return fmt.Sprintf("the CA %q", cert.Subject.CommonName)
	}
	if s, err := SubjectOf(cert); err == nil {
		return s.String()
	}
	return fmt.Sprintf("%.80q", cert.Subject.CommonName)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

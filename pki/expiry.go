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

// Remark says what is to be said about a certificate at now, and what to do; ""
// for a valid one.
func Remark(cert *x509.Certificate, now time.Time) string {
	who, remedy := "the certificate of "+TitleOf(cert), "run \"tocsin tls renew\" where the key of the CA is, and put the new tls.crt in place; no restart is needed"
	if cert.IsCA {
		remedy = "make a new CA and go over to it, as docs/security.md tells step by step"
	}
	switch ValidityOf(cert, now) {
	case Early:
		return fmt.Sprintf("%s is valid only from %s on: look at the clock of this machine, and of the one that issued it", who, cert.NotBefore.UTC().Format(time.DateTime))
	case Expired:
		return fmt.Sprintf("%s expired on %s: %s", who, day(cert.NotAfter), remedy)
	case Soon:
		return fmt.Sprintf("%s expires on %s: %s", who, day(cert.NotAfter), remedy)
	}
	return ""
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

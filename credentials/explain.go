package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tocsin/pki"
)

// Explain says in words what went wrong between us and a peer while TLS was
// agreed on, and what to do; other errors it returns as they are, and nil too.
// The result wraps err.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if words := inWords(err); words != "" {
		return explained{words, err}
	}
	return err
}

// NothingSent reports whether err says that we did not agree on TLS with who
// answered, so that it can't have heard what it was to be asked. Where our own
// certificate was refused that is not known.
func NothingSent(err error) bool {
	_, unbelieved := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	return unbelieved || plain || errors.Is(err, http.ErrSchemeMismatch)
}

// explained is an error in other words.
type explained struct {
	words string
	error
}

func (e explained) Error() string { return e.words }
func (e explained) Unwrap() error { return e.error }

func inWords(err error) string {
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS there: " + plain.Msg
	}
	if errors.Is(err, http.ErrSchemeMismatch) { // what net/http makes of the one above
		return "it speaks plain HTTP there, and not TLS"
	}
	if j, outdated := Outdated(err, time.Now()); outdated {
		return j.String()
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("its certificate, of %s, was issued by a CA that is not believed here (%s): is it of this cluster, and is that the ca.crt of this cluster?", whose(unknown.Cert), issuer(unknown.Cert))
	}
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("its certificate, of %s, is not for the host %.80q: if it is a node of Tocsin, believe the ca.crt of its cluster (--ca)", whose(host.Certificate), host.Host)
	}
	return ofTheirs(err)
}

// Outdated judges the certificate of a peer that was not believed for its dates, false
// if that is not what err says.
func Outdated(err error, now time.Time) (Judgement, bool) {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	if !ok || invalid.Reason != x509.Expired || invalid.Cert == nil {
		return Judgement{}, false
	}
	text, remedy := pki.Say(invalid.Cert, now)
	return Judgement{Grave: true, Text: text, Remedy: remedy}, text != ""
}

// ofTheirs explains what the other side has said of our certificate.
func ofTheirs(err error) string {
	text := err.Error()
	if !strings.Contains(text, "remote error: tls:") {
		return ""
	}
	for alert, words := range map[string]string{
		"certificate required":          "it asks for a certificate, and none was shown: give --cert and --cert-key",
		"unknown certificate authority": "it does not believe the CA of our certificate",
		"expired certificate":           "it says that our certificate has expired: look with \"tocsin tls show\", and at the clocks",
		"bad certificate":               "it refuses our certificate: its log says why",
	} {
		if strings.Contains(text, alert) {
			return words
		}
	}
	return ""
}

func whose(cert *x509.Certificate) string {
	if cert == nil {
		return "nobody"
	}
	if s, err := pki.SubjectOf(cert); err == nil {
		return s.String()
	}
	return fmt.Sprintf("%.80q", cert.Subject.CommonName)
}

func issuer(cert *x509.Certificate) string {
	if cert == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.80q", cert.Issuer.CommonName)
}

package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/pki"
)

// AmongNodes returns what a node speaks TLS by with those who call it to
// replicate: they must show the certificate of a node.
func (l *Live) AmongNodes() *tls.Config {
	return l.serving(func() *tls.Config {
		return &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, VerifyConnection: isNode}
	})
}

// ForAll returns what a node speaks TLS by with those who call its API. Who
// shows a certificate must show one of our CA; who shows none is let in if that
// is not required.
func (l *Live) ForAll(required bool) *tls.Config {
	auth := tls.VerifyClientCertIfGiven
	if required {
		auth = tls.RequireAndVerifyClientCert
	}
	return l.serving(func() *tls.Config {
		// HTTP/1.1 alone: one request after the other is easily bounded.
		return &tls.Config{ClientAuth: auth, VerifyConnection: isSomebody, NextProtos: []string{"http/1.1"}}
	})
}

// serving makes the configuration of each connection from what is held then.
func (l *Live) serving(fresh func() *tls.Config) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		h := l.now()
		c := fresh()
		c.MinVersion, c.Certificates, c.ClientCAs, c.SessionTicketsDisabled = tls.VersionTLS13, []tls.Certificate{h.certificate}, h.pool, true
		return c, nil
	}}
}

// isNode lets in nodes: crypto/tls has verified the chain before.
func isNode(c tls.ConnectionState) error {
	s, err := pki.SubjectOf(c.PeerCertificates[0])
	if err == nil && s.Role != pki.Node {
		err = fmt.Errorf("this is the certificate of %s, and a node is expected", s)
	}
	return err
}

// isSomebody lets in who shows nothing, or what we have issued.
func isSomebody(c tls.ConnectionState) error {
	if len(c.PeerCertificates) == 0 {
		return nil
	}
	_, err := pki.SubjectOf(c.PeerCertificates[0])
	return err
}

// Calling returns what a node speaks TLS by with another one that it calls. That
// must be one of these names; with none of them, any node of our CA.
func (l *Live) Calling(names ...string) *tls.Config {
	h := l.now()
	c := calling(h.pool, func(c tls.ConnectionState) error { return isOneOf(c.PeerCertificates[0], names) })
	c.Certificates = []tls.Certificate{h.certificate}
	return c
}

func isOneOf(cert *x509.Certificate, names []string) error {
	s, err := pki.SubjectOf(cert)
	switch {
	case err != nil:
		return err
	case s.Role != pki.Node:
		return fmt.Errorf("this is the certificate of %s, and a node is expected", s)
	case len(names) > 0 && !slices.Contains(names, s.Name):
		return fmt.Errorf("it is %s that answers there, and not %s", s, strings.Join(names, " or "))
	}
	return nil
}

// calling returns the side of TLS that calls, and that believes whom the pool
// and then is say. Names of hosts are left to is.
func calling(pool *x509.CertPool, is func(tls.ConnectionState) error) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// The usual verification asks for the host's name. VerifyConnection does
		// all of the rest of it, and asks for more.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			if err := verify(c.PeerCertificates, pool, time.Now(), x509.ExtKeyUsageServerAuth); err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: c.PeerCertificates, Err: err}
			}
			return is(c)
		},
	}
}

// verify reports why a chain that was shown is not to be believed at now.
func verify(chain []*x509.Certificate, pool *x509.CertPool, now time.Time, usage x509.ExtKeyUsage) error {
	if len(chain) == 0 {
		return errors.New("no certificate was shown")
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: pool, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}

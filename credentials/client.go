package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"tocsin/pki"
)

// Client returns what a command speaks TLS by. With a CA, whoever answers must
// have a certificate of it: that of a node, under whatever name it was called, or
// one that names the host. Without one the CAs of this machine are believed, as a
// browser believes them.
func Client(files pki.Files) (*tls.Config, error) {
	m, err := files.Load()
	if err != nil {
		return nil, err
	}
	h := newHeld(m)
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if files.CA != "" {
		c = calling(h.pool, isNodeOrHost)
	}
	if h.own == nil {
		return c, nil
	}
	if _, err := pki.SubjectOf(h.own); err != nil {
		return nil, fmt.Errorf("%s: %w", files.Cert, err)
	}
	c.Certificates = []tls.Certificate{h.certificate}
	return c, nil
}

func isNodeOrHost(c tls.ConnectionState) error {
	cert := c.PeerCertificates[0]
	if s, err := pki.SubjectOf(cert); err == nil && s.Role == pki.Node {
		return nil
	}
	if err := cert.VerifyHostname(c.ServerName); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{cert}, Err: err}
	}
	return nil
}

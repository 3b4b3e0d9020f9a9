package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

const (
	// Day is how lives are counted.
	Day = 24 * time.Hour
	// AuthorityLife and CertificateLife are how long they last if nothing else
	// is asked for.
	AuthorityLife   = 3650 * Day
	CertificateLife = 365 * Day
	// skew is how far the clock of a machine may be behind ours when it gets a
	// certificate that was just issued.
	skew = time.Hour
	// maxHosts is how many names and addresses one certificate takes.
	maxHosts = 100
)

// Authority is a CA of one's own: whatever it signs, a cluster believes.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// NewKey draws a private key.
func NewKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// NewAuthority makes a CA that is called name, from now on and for life.
func NewAuthority(name string, now time.Time, life time.Duration) (*Authority, error) {
	key, err := NewKey()
	if err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it issues no further CA
	}
	cert, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{cert, key}, nil
}

// newAuthority puts the two halves of a CA together.
func newAuthority(cert *x509.Certificate, key crypto.Signer) (*Authority, error) {
	if !cert.IsCA {
		return nil, errors.New("the certificate is not that of a CA")
	}
	if !fits(cert, key) {
		return nil, errors.New("the key is not the one of the certificate")
	}
	return &Authority{cert, key}, nil
}

// Request says what certificate is wanted.
type Request struct {
	Subject
	// Hosts are names and addresses under which a node is also called by those
	// who do not know it by its name: browsers, curl.
	Hosts []string
	// Life is how long it lasts, and no longer than its CA; 0 means
	// CertificateLife.
	Life time.Duration
}

// validate reports what can't be right about r.
func (r Request) validate() error {
	if err := r.Subject.Validate(); err != nil {
		return err
	}
	switch {
	case r.Life < 0:
		return errors.New("a certificate can't last less than no time")
	case len(r.Hosts) > 0 && r.Role != Node:
		return errors.New("a client has no hosts: nobody calls it")
	case len(r.Hosts) > maxHosts:
		return fmt.Errorf("%d hosts are more than the %d that a certificate takes", len(r.Hosts), maxHosts)
	}
	for _, h := range r.Hosts {
		if net.ParseIP(h) == nil && (h == "" || len(h) > 253 || strings.ContainsFunc(h, notInName)) {
			return fmt.Errorf("host %.80q is neither a name nor an address: give it without a port", h)
		}
	}
	return nil
}

// Issue makes the certificate that is asked for, for that public key.
func (a *Authority) Issue(r Request, public crypto.PublicKey, now time.Time) (*x509.Certificate, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	if now.After(a.Certificate.NotAfter) {
		return nil, fmt.Errorf("the CA %q expired on %s: make a new one with \"tocsin tls ca\"", a.Certificate.Subject.CommonName, day(a.Certificate.NotAfter))
	}
	if r.Life == 0 {
		r.Life = CertificateLife
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: r.Name},
		NotBefore:             later(now.Add(-skew), a.Certificate.NotBefore),
		NotAfter:              earlier(now.Add(r.Life), a.Certificate.NotAfter),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           r.usages(),
		BasicConstraintsValid: true,
	}
	template.URIs = append(template.URIs, r.URI())
	for _, h := range r.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	return sign(template, a.Certificate, public, a.key)
}

// Again makes a certificate like the one that is given, for the same key, from
// now on. A life of 0 is as long as it had.
func (a *Authority) Again(cert *x509.Certificate, life time.Duration, now time.Time) (*x509.Certificate, error) {
	subject, err := SubjectOf(cert)
	if err != nil {
		return nil, err
	}
	if life == 0 {
		life = cert.NotAfter.Sub(cert.NotBefore) - skew
	}
	return a.Issue(Request{Subject: subject, Hosts: Hosts(cert), Life: life}, cert.PublicKey, now)
}

// Hosts returns the names and addresses that stand in a certificate.
func Hosts(cert *x509.Certificate) []string {
	hosts := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// sign makes one certificate.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("draw a serial number: %w", err)
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

// fits reports whether key is the one that cert is for.
func fits(cert *x509.Certificate, key crypto.Signer) bool {
	public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

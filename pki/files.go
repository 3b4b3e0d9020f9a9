package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"tocsin/secretfile"
)

// The names of files in a directory of credentials. They are those that
// Kubernetes and cert-manager give them.
const (
	AuthorityFile   = "ca.crt"
	CertificateFile = "tls.crt"
	KeyFile         = "tls.key"
	// AuthorityKeyFile is beside AuthorityFile where certificates are issued,
	// and nowhere else.
	AuthorityKeyFile = "ca.key"
)

// maxFile is more than any file of certificates needs, in bytes.
const maxFile = 1 << 20

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// Files says where credentials are kept.
type Files struct {
	CA   string // the certificates of the CAs that are believed
	Cert string // one's own; "" if there is none
	Key  string
}

// FilesIn returns the files in a directory of credentials.
func FilesIn(dir string) Files {
	return Files{
		CA: filepath.Join(dir, AuthorityFile), Cert: filepath.Join(dir, CertificateFile), Key: filepath.Join(dir, KeyFile),
	}
}

// Material is what Files hold.
type Material struct {
	Roots []*x509.Certificate
	Chain []*x509.Certificate // one's own first; empty if there is none
	Key   crypto.Signer
}

// Load reads all of it, and reports what does not fit together.
func (f Files) Load() (m Material, err error) {
	if f.CA != "" {
		if m.Roots, err = ReadCertificates(f.CA); err != nil {
			return Material{}, err
		}
		for _, root := range m.Roots {
			if !root.IsCA {
				return Material{}, fmt.Errorf("%s: the certificate of %s is not that of a CA", f.CA, TitleOf(root))
			}
		}
	}
	if f.Cert == "" {
		return m, nil
	}
	if m.Chain, err = ReadCertificates(f.Cert); err != nil {
		return Material{}, err
	}
	if m.Key, err = ReadKey(f.Key); err != nil {
		return Material{}, err
	}
	if !fits(m.Chain[0], m.Key) {
		return Material{}, fmt.Errorf("%s is not the key of the certificate in %s", f.Key, f.Cert)
	}
	return m, nil
}

// ReadCertificates returns the certificates in a file, one at least.
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	certs, err := ParseCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return certs, nil
}

// ParseCertificates returns the certificates in a text of PEM, one at least.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if text = rest; block.Type != certificateBlock {
			return nil, fmt.Errorf("there is a block %.40q where certificates belong", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d can't be read: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("there is no certificate in it: PEM is expected, which begins with -----BEGIN CERTIFICATE-----")
	}
	return certs, nil
}

// ReadKey returns the private key in a file.
func ReadKey(path string) (crypto.Signer, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: there is no key in it: PEM is expected, which begins with -----BEGIN PRIVATE KEY-----", path)
	}
	key, err := parseKey(block)
	if err != nil {
		return nil, fmt.Errorf("%s: the key can't be read: %w", path, err)
	}
	return key, nil
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "EC PRIVATE KEY" { // as OpenSSL writes it
		return x509.ParseECPrivateKey(block.Bytes)
	}
	if block.Type != keyBlock {
		return nil, fmt.Errorf("there is a block %.40q where %s belongs", block.Type, keyBlock)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T can't sign", key)
	}
	return signer, nil
}

// WriteCertificates puts certificates in a file, in the place of what is there.
func WriteCertificates(path string, certs ...*x509.Certificate) error {
	var text bytes.Buffer
	for _, cert := range certs {
		if err := pem.Encode(&text, &pem.Block{Type: certificateBlock, Bytes: cert.Raw}); err != nil {
			return err
		}
	}
	return write(path, text.Bytes(), 0o644)
}

// WriteKey puts a private key in a file that only its owner can read. It
// replaces none.
func WriteKey(path string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return secretfile.Create(path, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}))
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing is written by it: there is no error to miss
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s has more than %d bytes: it is something else", path, maxFile)
	}
	return text, nil
}

func write(path string, text []byte, mode fs.FileMode) error {
	return renameio.WriteFile(path, text, mode, renameio.IgnoreUmask())
}

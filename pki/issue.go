package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// SaveAuthority puts a CA in a directory, which is made if it is not there. It
// replaces none.
func SaveAuthority(dir string, a *Authority) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := WriteKey(filepath.Join(dir, AuthorityKeyFile), a.key); err != nil {
		return err
	}
	return WriteCertificates(filepath.Join(dir, AuthorityFile), a.Certificate)
}

// OpenAuthority reads the CA that SaveAuthority put there. Of several
// certificates the one that the key is for counts: the others are believed
// beside it while one CA follows another.
func OpenAuthority(dir string) (*Authority, error) {
	key, err := ReadKey(filepath.Join(dir, AuthorityKeyFile))
	if err != nil {
		return nil, fmt.Errorf("open the CA: %w", err)
	}
	certs, err := ReadCertificates(filepath.Join(dir, AuthorityFile))
	if err != nil {
		return nil, fmt.Errorf("open the CA: %w", err)
	}
	for _, cert := range certs {
		if fits(cert, key) {
			return newAuthority(cert, key)
		}
	}
	return nil, fmt.Errorf("open the CA: %s is not the key of any certificate in %s", AuthorityKeyFile, AuthorityFile)
}

// Equip puts all that r's subject needs in a directory, which is made if it is
// not there: the CA's certificate, one of its own, and a key that is drawn for
// it. It replaces no key.
func Equip(dir string, a *Authority, r Request, now time.Time) (*x509.Certificate, error) {
	key, err := NewKey()
	if err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	cert, err := a.Issue(r, key.Public(), now)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	to := FilesIn(dir)
	if err := WriteKey(to.Key, key); err != nil {
		return nil, err
	}
	if err := WriteCertificates(to.Cert, cert); err != nil {
		return nil, err
	}
	return cert, WriteCertificates(to.CA, a.Certificate)
}

// Renew replaces the certificate in a file by a new one for the same subject,
// hosts and key. A life of 0 is as long as the old one had. Where the CAs that are
// believed stand beside it, a must be one of them: nobody there would start with
// what another one issues.
func Renew(path string, a *Authority, life time.Duration, now time.Time) (*x509.Certificate, error) {
	certs, err := ReadCertificates(path)
	if err != nil {
		return nil, err
	}
	renewed, err := a.Again(certs[0], life, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	roots := FilesIn(filepath.Dir(path)).CA
	if known, err := Believed(renewed, roots); err != nil {
		return nil, err
	} else if !known {
		return nil, fmt.Errorf("%s is left as it is: the CA that would issue its successor is not in %s, so it would not be believed: renew it by the CA that is, or put the new one there, too, before", path, roots)
	}
	return renewed, WriteCertificates(path, renewed)
}

// Believed reports whether one of the CAs in a file has issued cert. Where there is no
// such file nothing speaks against it.
func Believed(cert *x509.Certificate, file string) (bool, error) {
	roots, err := ReadCertificates(file)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return slices.ContainsFunc(roots, func(root *x509.Certificate) bool { return cert.CheckSignatureFrom(root) == nil }), err
}

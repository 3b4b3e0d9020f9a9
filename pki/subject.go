package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Role is what the holder of a certificate may do.
type Role string

// The roles. A node speaks for itself among nodes; the others are those of
// clients, and each may do what those before it may.
const (
	Node    Role = "node"
	Read    Role = "read"
	Operate Role = "operate"
	Admin   Role = "admin"
)

// Roles returns all of them.
func Roles() []Role { return []Role{Node, Read, Operate, Admin} }

// Subject is whom a certificate is for.
type Subject struct {
	Role Role
	// Name is that of the node in its cluster, or of the client.
	Name string
}

// scheme is that of the URI in a certificate.
const scheme = "tocsin"

// maxName is how long a name may be, in bytes; that of a node is no longer.
const maxName = 64

// nameCharacters are those of the names of nodes.
const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

// String returns it in words: "node paris1", "client anna (admin)".
func (s Subject) String() string {
	if s.Role == Node {
		return "node " + s.Name
	}
	return fmt.Sprintf("client %s (%s)", s.Name, s.Role)
}

// Validate reports what can't be right about s.
func (s Subject) Validate() error {
	if !slices.Contains(Roles(), s.Role) {
		return fmt.Errorf("role %.40q is none of node, read, operate and admin", s.Role)
	}
	if s.Name == "" || len(s.Name) > maxName {
		return fmt.Errorf("name %.80q has %d bytes: give 1 to %d", s.Name, len(s.Name), maxName)
	}
	if s.Name == "." || s.Name == ".." { // folders are named after subjects
		return fmt.Errorf("name %q is that of a folder: give another one", s.Name)
	}
	if strings.ContainsFunc(s.Name, notInName) {
		return fmt.Errorf("name %q: use letters, digits, dot, dash and underscore", s.Name)
	}
	return nil
}

func notInName(r rune) bool { return !strings.ContainsRune(nameCharacters, r) }

// URI returns how s is written in a certificate.
func (s Subject) URI() *url.URL {
	return &url.URL{Scheme: scheme, Host: string(s.Role), Path: "/" + s.Name}
}

// ParseSubject reads what URI returned, and nothing else.
func ParseSubject(u *url.URL) (Subject, error) {
	s := Subject{Role: Role(u.Host), Name: strings.TrimPrefix(u.Path, "/")}
	if err := s.Validate(); err != nil {
		return Subject{}, err
	}
	if s.URI().String() != u.String() {
		return Subject{}, fmt.Errorf("%.200q is not how %s is written", u, s)
	}
	return s, nil
}

// errNoSubject is why a certificate can't be used here at all.
var errNoSubject = errors.New("the certificate names neither a node nor a client of Tocsin: it was not issued by \"tocsin tls\"")

// SubjectOf returns whom a certificate is for. Whether it is one of our CA, and
// of today, has to be verified apart from that.
func SubjectOf(cert *x509.Certificate) (Subject, error) {
	var ours []*url.URL
	for _, u := range cert.URIs {
		if u.Scheme == scheme {
			ours = append(ours, u)
		}
	}
	switch {
	case len(ours) == 0 || cert.IsCA:
		return Subject{}, errNoSubject
	case len(ours) > 1:
		return Subject{}, fmt.Errorf("the certificate names %d subjects: one is possible", len(ours))
	}
	s, err := ParseSubject(ours[0])
	if err != nil {
		return Subject{}, fmt.Errorf("the certificate names a subject that can't be right: %w", err)
	}
	if !slices.Equal(cert.ExtKeyUsage, s.usages()) || len(cert.UnknownExtKeyUsage) > 0 {
		return Subject{}, fmt.Errorf("the certificate of %s is for other uses than such a one is", s)
	}
	return s, nil
}

// usages are what a certificate of s may be used for: nodes both call and are
// called, a client only calls.
func (s Subject) usages() []x509.ExtKeyUsage {
	if s.Role == Node {
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

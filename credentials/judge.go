package credentials

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tocsin/pki"
)

// Judgement is one thing that there is to be said about the credentials of a node.
type Judgement struct {
	// Grave: it keeps the node from its duty. What is not grave will one day.
	Grave        bool
	Text, Remedy string
}

// String says both in one line.
func (j Judgement) String() string { return j.Text + ": " + j.Remedy }

// Judge says what there is to be said at now, whoever asks: the node itself, or who
// looks at its files from outside, and has no Own if they can't be used.
func (s Standing) Judge(now time.Time) []Judgement {
	var all []Judgement
	if s.Own != nil {
		if text, remedy := pki.Say(s.Own, now); text != "" {
			all = append(all, Judgement{pki.ValidityOf(s.Own, now) != pki.Soon, text, remedy})
		}
		for i := range s.Roots {
			if j := s.judgeRoot(i, now); j.Text != "" {
				all = append(all, j)
			}
		}
	}
	if s.Trouble == "" {
		return all
	}
	j := Judgement{Grave: s.Own == nil, Text: "the certificates on disk can't be used", Remedy: fmt.Sprintf(`put in place what fits together ("tocsin tls show %s" shows what lies there): no agent starts with these`, filepath.Dir(s.Files.Cert))}
	if s.Own != nil {
		j.Text += ", and the ones before are kept"
	}
	j.Text += ": " + s.Trouble
	return append(all, j)
}

// judgeRoot judges one of the CAs. Beside one that the node's certificate is of, and
// that lasts, it has had its time.
func (s Standing) judgeRoot(at int, now time.Time) Judgement {
	root := s.Roots[at]
	text, remedy := pki.Say(root, now)
	validity := pki.ValidityOf(root, now)
	if validity != pki.Expired && validity != pki.Soon {
		return Judgement{Text: text, Remedy: remedy}
	}
	if !s.spares(at, now) {
		return Judgement{validity == pki.Expired, text, remedy}
	}
	remedy = fmt.Sprintf(`take it out of %s, here, on the other nodes and at the operators; it is number %d in it, as "tocsin tls show %[1]s" lists them`, s.Files.CA, at+1)
	if validity == pki.Soon {
		remedy = "once all of them have a certificate of another CA, " + remedy
	}
	return Judgement{Text: text, Remedy: remedy}
}

// spares reports whether the node's certificate is believed without that CA, by those
// that are valid.
func (s Standing) spares(at int, now time.Time) bool {
	pool, when := x509.NewCertPool(), now
	if validity := pki.ValidityOf(s.Own, now); validity == pki.Expired || validity == pki.Early {
		when = s.Own.NotBefore // that is told of it already
	}
	for i, root := range s.Roots {
		if i != at && pki.ValidityOf(root, now) == pki.Valid {
			pool.AddCert(root)
		}
	}
	return verify(slices.Concat([]*x509.Certificate{s.Own}, s.Between), pool, when, x509.ExtKeyUsageClientAuth) == nil
}

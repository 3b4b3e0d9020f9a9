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
		for i := range s.Between {
			if j := s.judgeBetween(i, now); j.Text != "" {
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

// judgeBetween judges one of the CAs that lead from the node's certificate to one that
// is believed. One that the way does not need has had its time, and does no harm.
func (s Standing) judgeBetween(at int, now time.Time) Judgement {
	text, _ := pki.Say(s.Between[at], now)
	others := slices.Delete(slices.Clone(s.Between), at, at+1)
	if text == "" || s.believed(s.Roots, others, s.when(now)) {
		return Judgement{}
	}
	return Judgement{
		Grave:  pki.ValidityOf(s.Between[at], now) != pki.Soon,
		Text:   text + ", and nobody believes this node's certificate without it",
		Remedy: fmt.Sprintf("have the certificate issued anew by a CA that lasts, and put it into %s with all that leads to one of %s; no restart is needed", s.Files.Cert, s.Files.CA),
	}
}

// spares reports whether the node's certificate is believed without that CA, by those
// that are valid.
func (s Standing) spares(at int, now time.Time) bool {
	var valid []*x509.Certificate
	for i, root := range s.Roots {
		if i != at && pki.ValidityOf(root, now) == pki.Valid {
			valid = append(valid, root)
		}
	}
	return s.believed(valid, s.Between, s.when(now))
}

// when is the moment at which to look at what leads to the node's certificate: now, or
// if that is not valid now, of which there is word already, when it began to be.
func (s Standing) when(now time.Time) time.Time {
	if validity := pki.ValidityOf(s.Own, now); validity == pki.Expired || validity == pki.Early {
		return s.Own.NotBefore
	}
	return now
}

// believed reports whether who believes those roots believes the node's certificate, if
// it shows those between.
func (s Standing) believed(roots, between []*x509.Certificate, when time.Time) bool {
	pool := x509.NewCertPool()
	for _, root := range roots {
		pool.AddCert(root)
	}
	return verify(slices.Concat([]*x509.Certificate{s.Own}, between), pool, when, x509.ExtKeyUsageClientAuth) == nil
}

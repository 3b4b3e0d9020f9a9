package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"tocsin/pki"
)

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// Live is what a node shows and believes, as its files say now. Its methods may
// be called from any goroutine.
type Live struct {
	files   pki.Files
	subject pki.Subject
	log     *slog.Logger

	held    atomic.Pointer[held]
	looking atomic.Bool  // by one at a time; the others go on with what is held
	looked  atomic.Int64 // when, in nanoseconds since began
	began   time.Time
	seen    stamps // of the files, when they were read last; whoever is looking has it
	trouble atomic.Pointer[string]
}

// held is what the files said when they were read.
type held struct {
	certificate tls.Certificate
	own         *x509.Certificate
	between     []*x509.Certificate // what leads from own to a root
	roots       []*x509.Certificate
	pool        *x509.CertPool
}

// Open reads the credentials of a node. They must fit together, and be those of
// the node of that name. One that has expired is taken: a node that runs can say
// so, and takes a new one.
func Open(files pki.Files, node string, log *slog.Logger) (*Live, error) {
	l := &Live{files: files, subject: pki.Subject{Role: pki.Node, Name: node}, log: log.With("component", "credentials"), began: time.Now()}
	l.seen = stampsOf(files)
	h, err := l.read()
	if err != nil {
		return nil, err
	}
	l.held.Store(h)
	return l, nil
}

// read reads the files, and refuses what a node can't work with.
func (l *Live) read() (*held, error) {
	m, err := l.files.Load()
	if err != nil {
		return nil, err
	}
	subject, err := pki.SubjectOf(m.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.files.Cert, err)
	}
	if subject != l.subject {
		return nil, fmt.Errorf("%s: the certificate is that of %s, and this is %s: issue one with \"tocsin tls cert %s\"", l.files.Cert, subject, l.subject, l.subject.Name)
	}
	h := newHeld(m)
	if err := h.verifiesItself(); err != nil {
		return nil, fmt.Errorf("%s: the certificate is of no CA in %s: %w", l.files.Cert, l.files.CA, err)
	}
	return h, nil
}

func newHeld(m pki.Material) *held {
	h := &held{roots: m.Roots, pool: x509.NewCertPool()}
	for _, root := range m.Roots {
		h.pool.AddCert(root)
	}
	if len(m.Chain) > 0 {
		h.own, h.between = m.Chain[0], m.Chain[1:]
		h.certificate = tls.Certificate{PrivateKey: m.Key, Leaf: h.own}
		for _, cert := range m.Chain {
			h.certificate.Certificate = append(h.certificate.Certificate, cert.Raw)
		}
	}
	return h
}

// verifiesItself reports why our own CA would not believe our certificate, its
// dates aside: half of a change of CA is no state to work in.
func (h *held) verifiesItself() error {
	return verify(append([]*x509.Certificate{h.own}, h.between...), h.pool, h.own.NotBefore, x509.ExtKeyUsageClientAuth)
}

// now returns what is to be used now.
func (l *Live) now() *held {
	l.Look()
	return l.held.Load()
}

// Look reads the files again if they have changed, if nobody else does, and if they
// were not looked at within a second.
func (l *Live) Look() {
	since := int64(time.Since(l.began))
	if since-l.looked.Load() < int64(lookEvery) || !l.looking.CompareAndSwap(false, true) {
		return
	}
	defer l.looking.Store(false)
	l.looked.Store(since)
	stamps := stampsOf(l.files)
	if stamps == l.seen && l.trouble.Load() == nil {
		return // what was moved away and back is as it was, and has to be read to know
	}
	h, err := l.read()
	if err != nil {
		l.refuse(err.Error())
		return // and looks again: one file may have come before the other
	}
	l.seen = stamps
	if l.trouble.Swap(nil) != nil {
		l.log.Info("the certificates on disk can be used again")
	}
	before := l.held.Swap(h)
	if !before.own.Equal(h.own) {
		l.log.Info("the certificate was renewed", "until", h.own.NotAfter.UTC().Format(time.DateOnly))
	}
	if !slices.EqualFunc(before.roots, h.roots, (*x509.Certificate).Equal) {
		l.log.Info("the CAs that are believed have changed", "authorities", len(h.roots))
	}
}

// refuse notes that the files can't be used as they are, and tells it once.
func (l *Live) refuse(why string) {
	if before := l.trouble.Swap(&why); before == nil || *before != why {
		l.log.Error("the certificates on disk can't be used: the ones in use are kept", "err", why)
	}
}

// Standing is how the credentials of a node stand.
type Standing struct {
	// Files is where they lie.
	Files pki.Files
	// Own is its certificate, Between what leads from it to a CA, if anything has to;
	// Roots are the certificates of the CAs that it believes.
	Own            *x509.Certificate
	Between, Roots []*x509.Certificate
	// Trouble says why what the files say now is not used, "" if it is.
	Trouble string
}

// Standing says how the credentials stand that were read last. It reads nothing.
func (l *Live) Standing() Standing {
	h := l.held.Load()
	s := Standing{Files: l.files, Own: h.own, Between: h.between, Roots: h.roots}
	if why := l.trouble.Load(); why != nil {
		s.Trouble = *why
	}
	return s
}

// stamps tell whether files have changed.
type stamps [3]stamp

type stamp struct {
	size     int64
	modified time.Time
}

// stampsOf looks at the files. One that is not there has the zero stamp.
func stampsOf(files pki.Files) (all stamps) {
	for i, name := range []string{files.CA, files.Cert, files.Key} {
		if info, err := os.Stat(name); err == nil {
			all[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return all
}

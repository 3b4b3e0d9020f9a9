package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/pki"
	"tocsin/secretfile"
)

// maxCertificates is how many files one command looks at.
const maxCertificates = 10_000

func (a app) tlsRenew() *cobra.Command {
	var dir string
	var days int
	c := &cobra.Command{
		Use:         "renew PATH...",
		Short:       "Renew certificates in place",
		Annotations: map[string]string{help.Order: "3"},
		Long: `Replaces certificates by new ones for the same name, hosts and key. PATH is a
certificate, or a directory, of which every tls.crt is renewed, in whatever
folder below: one node, or a whole cluster.

A node takes a new tls.crt within a second of its next connection, without a
restart. Where it was renewed elsewhere, tls.crt is all that has to be copied to
it, and holds no secret. To get another key too, issue a certificate anew with
"tocsin tls cert".`,
		Example: `tocsin tls renew cluster --ca-dir cluster/ca
tocsin tls renew /etc/tocsin/tls --ca-dir /media/ca`,
		Args: someArgs("PATH"),
	}
	caDirFlag(c, &dir)
	c.Flags().Var(config.Number(&days), "days", "how long they last, in days; 0 is as long as before")
	help.Group(c, "Certificate", "days", "ca-dir")
	c.RunE = func(c *cobra.Command, args []string) error {
		var life time.Duration
		if days != 0 {
			var err error
			if life, err = lifeOf(c, days); err != nil {
				return err
			}
		}
		ca, err := pki.OpenAuthority(dir)
		if err != nil {
			return err
		}
		files, err := certificatesIn(args, pki.CertificateFile)
		if err != nil {
			return err
		}
		for _, file := range files {
			cert, err := pki.Renew(file, ca, life, time.Now())
			if err != nil {
				return err
			}
			if err := a.tell(fmt.Sprintf("renewed %s, until %s", file, cert.NotAfter.UTC().Format(time.DateOnly))); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (a app) tlsShow() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:         "show PATH...",
		Short:       "Show whose certificates these are, and how long they last",
		Annotations: map[string]string{help.Order: "4"},
		Long: `Shows the certificates in PATH, a file, or a directory with files that end in
.crt. Warns of keys beside them that others than their owner can read. It ends
with 1 if one is of another CA than those in the ca.crt beside it: no agent
starts with such a certificate.`,
		Example: `tocsin tls show /etc/tocsin/tls
tocsin tls show cluster -o json`,
		Args: someArgs("PATH"),
	}
	outputFlag(c, &output)
	c.RunE = func(_ *cobra.Command, args []string) error {
		files, err := certificatesIn(args, "*.crt")
		if err != nil {
			return err
		}
		shown := []shownCertificate{}
		var strangers []string
		for _, file := range files {
			in, err := certificatesOf(file)
			if err != nil {
				return err
			}
			if shown = append(shown, in...); in[0].Stranger {
				strangers = append(strangers, file)
			}
		}
		if err := a.printValue(output, shown, func(s *screen.Screen) { drawCertificates(s, shown) }); err != nil {
			return err
		}
		if err := a.warnOfKeys(args); err != nil || len(strangers) == 0 {
			return err
		}
		return fmt.Errorf("%s: its CA is not in the ca.crt beside it: put that one there, or renew it by one that is (tocsin tls renew)", strings.Join(strangers, ", "))
	}
	return c
}

// shownCertificate is one as it is shown.
type shownCertificate struct {
	File     string       `json:"file"`
	Of       string       `json:"of"`
	Hosts    []string     `json:"hosts,omitempty"`
	Issuer   string       `json:"issuer"`
	From     time.Time    `json:"valid_from"`
	Until    time.Time    `json:"valid_until"`
	Validity pki.Validity `json:"validity"`
	Remark   string       `json:"remark,omitempty"`
	Stranger bool         `json:"of_another_ca,omitempty"` // than those in the ca.crt beside it
}

// certificatesOf returns what to show of a file, the certificate that it is about
// first. One that stands alone, and is no CA, leads to a CA by itself.
func certificatesOf(file string) ([]shownCertificate, error) {
	certs, err := pki.ReadCertificates(file)
	if err != nil {
		return nil, err
	}
	shown := make([]shownCertificate, len(certs))
	for i, cert := range certs {
		shown[i] = newShownCertificate(file, cert, time.Now())
	}
	if len(certs) == 1 && !certs[0].IsCA {
		known, err := pki.Believed(certs[0], pki.FilesIn(filepath.Dir(file)).CA)
		if err != nil {
			return nil, err
		}
		shown[0].Stranger = !known
	}
	return shown, nil
}

func newShownCertificate(file string, cert *x509.Certificate, now time.Time) shownCertificate {
	return shownCertificate{
		File: file, Of: pki.TitleOf(cert), Hosts: pki.Hosts(cert), Issuer: cert.Issuer.CommonName,
		From: cert.NotBefore, Until: cert.NotAfter, Validity: pki.ValidityOf(cert, now), Remark: pki.Remark(cert, now),
	}
}

func drawCertificates(s *screen.Screen, shown []shownCertificate) {
	rows := make([][]string, len(shown))
	for i, c := range shown {
		state := s.Paint(screen.Green, string(c.Validity))
		switch c.Validity {
		case pki.Soon:
			state = s.Paint(screen.Yellow, string(c.Validity))
		case pki.Expired, pki.Early:
			state = s.Paint(screen.Red, string(c.Validity))
		}
		if c.Stranger {
			state = s.Paint(screen.Red, "of another CA")
		}
		rows[i] = []string{screen.Clean(c.Of), c.Until.UTC().Format(time.DateOnly), state, screen.Clean(c.File)}
	}
	s.Table([]string{"CERTIFICATE OF", "UNTIL", "STATE", "FILE"}, rows)
}

// warnOfKeys says which keys at the paths others can read.
func (a app) warnOfKeys(paths []string) error {
	keys, err := filesIn(paths, "*.key")
	if err != nil {
		return err
	}
	for _, key := range keys {
		info, err := os.Stat(key)
		if err != nil {
			return err
		}
		if !secretfile.Guarded(info.Mode()) {
			a.say("warning: %s can be read by everybody on this machine: chmod 600 %[1]s\n", screen.Clean(key))
		}
	}
	return nil
}

// certificatesIn returns the files at the paths, one at least: those that are
// named, and those in directories whose names match.
func certificatesIn(paths []string, pattern string) ([]string, error) {
	files, err := filesIn(paths, pattern)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no %s in %s", pattern, paths[0])
	}
	return files, err
}

var errTooMany = errors.New("there are too many files below: name a smaller directory")

func filesIn(paths []string, pattern string) (files []string, err error) {
	for _, path := range paths {
		seen := 0
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if seen++; seen > maxCertificates {
				return errTooMany
			}
			if err != nil || entry.IsDir() {
				return err
			}
			fits, err := filepath.Match(pattern, filepath.Base(name))
			if fits || name == path && filepath.Ext(pattern) != ".key" {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w", path, err)
		}
	}
	return files, nil
}

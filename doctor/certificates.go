package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"tocsin/credentials"
	"tocsin/pki"
	"tocsin/secretfile"
)

// Certificates is what was found in the directory of a node's certificate.
type Certificates struct {
	Dir string
	// Denied says why this account can't look at them, "" if it can: of an agent, which
	// has another account, it says nothing.
	Denied string
	// Judgements are what their node says of them, too.
	Judgements []credentials.Judgement
}

// lookAtCertificates looks at the certificates of a node, nil where it has none. It reads the key
// to see whether it fits, and shows nothing of it.
func lookAtCertificates(dir, node string, now time.Time) *Certificates {
	if dir == "" {
		return nil
	}
	files := pki.FilesIn(dir)
	live, err := credentials.Open(files, node, slog.New(slog.DiscardHandler))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &Certificates{Dir: dir, Denied: err.Error()}
	case err != nil:
		return &Certificates{Dir: dir, Judgements: credentials.Standing{Files: files, Trouble: err.Error()}.Judge(now)}
	}
	return &Certificates{Dir: dir, Judgements: live.Standing().Judge(now)}
}

// certificates: whether the certificate of the node that runs here is good, and
// stays so.
func certificates(f Facts) []Finding {
	if f.Local == nil || f.Local.Certificates == nil {
		return nil
	}
	found := f.Local.Certificates
	if found.Denied != "" {
		return []Finding{{
			Severity: Info, Subject: "certificates", Text: sentence("this account may not look at the certificate of this node: " + found.Denied),
			Remedy: "sudo tocsin tls show " + quoted(found.Dir) + "; the node itself says at /readyz what is wrong with it",
		}}
	}
	var all []Finding
	for _, j := range found.Judgements {
		severity := Warning
		if j.Grave {
			severity = Critical
		}
		all = append(all, Finding{Severity: severity, Subject: "certificates", Text: sentence(j.Text), Remedy: j.Remedy})
	}
	return orWell(all, "certificates", "The certificate in "+found.Dir+" is that of this node, of a CA that it believes, and ends not soon.")
}

// readers says who can read a secret that should not.
func (file File) readers() (Finding, bool) {
	if secretfile.Guarded(fs.FileMode(file.Perm)) {
		return Finding{}, false
	}
	return Finding{
		Severity: Warning, Subject: "files", Text: fmt.Sprintf("The secret in %s can be read by everybody on this machine (%03o).", file.Path, file.Perm),
		Remedy: "chmod o-rwx " + quoted(file.Path) + ", and make a new one if somebody may have read it",
	}, true
}

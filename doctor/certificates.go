package doctor

import (
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
	// Fault says why an agent can't use what lies there, "" if it can.
	Fault string
	// Ended and Ending are remarks on those whose time is not now, and on those
	// whose time ends soon.
	Ended, Ending []string
}

// lookAtCertificates looks at the certificates of a node, nil where it has none. It reads the key
// to see whether it fits, and shows nothing of it.
func lookAtCertificates(dir, node string, now time.Time) *Certificates {
	if dir == "" {
		return nil
	}
	found := &Certificates{Dir: dir}
	live, err := credentials.Open(pki.FilesIn(dir), node, slog.New(slog.DiscardHandler))
	if err != nil {
		found.Fault = err.Error()
		return found
	}
	standing := live.Standing()
	for _, cert := range append(standing.Roots, standing.Own) {
		switch remark := pki.Remark(cert, now); {
		case remark == "":
		case pki.ValidityOf(cert, now) == pki.Soon:
			found.Ending = append(found.Ending, remark)
		default:
			found.Ended = append(found.Ended, remark)
		}
	}
	return found
}

// certificates: whether the certificate of the node that runs here is good, and
// stays so.
func certificates(f Facts) []Finding {
	if f.Local == nil || f.Local.Certificates == nil {
		return nil
	}
	found := f.Local.Certificates
	var all []Finding
	add := func(s Severity, text, remedy string) {
		all = append(all, Finding{Severity: s, Subject: "certificates", Text: sentence(text), Remedy: remedy})
	}
	if found.Fault != "" {
		add(Critical, found.Fault, "put in place what fits together (\"tocsin tls show "+quoted(found.Dir)+"\" shows what lies there); an agent that runs goes on with what it had, and none starts")
	}
	for _, remark := range found.Ended {
		add(Critical, remark, "until then no other node lets this one in")
	}
	for _, remark := range found.Ending {
		add(Warning, remark, "nothing is broken yet")
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

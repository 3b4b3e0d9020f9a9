package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"tocsin/api"
	"tocsin/credentials"
	"tocsin/pki"
	"tocsin/secretfile"
)

// Certificates is what was found in the directory of a node's certificate.
type Certificates struct {
	// Node is whose they are to be.
	Node, Dir string
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
		return &Certificates{Node: node, Dir: dir, Denied: err.Error()}
	case err != nil:
		return &Certificates{Node: node, Dir: dir, Judgements: credentials.Standing{Files: files, Trouble: err.Error()}.Judge(now)}
	}
	return &Certificates{Node: node, Dir: dir, Judgements: live.Standing().Judge(now)}
}

// certificates: whether the certificates of the nodes are good, and stay so, as each
// of them says, and as the files say of the one that is to run here.
func certificates(f Facts) []Finding {
	all := f.concerned(api.ConcernCertificates)
	for _, a := range f.Answers {
		if a.Refused != nil {
			all = append(all, concern(a.Node, *a.Refused))
		}
	}
	all = append(all, f.onDisk(all)...)
	return f.orWell(all, string(api.ConcernCertificates), "No node that answers has anything to say against its certificates.")
}

// onDisk is what there is to be said about the files of the node that is to run here,
// but for what is told already: the node itself looks at them, too.
func (f Facts) onDisk(told []Finding) []Finding {
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
		one := concern("", api.Concern{Subject: api.ConcernCertificates, Grave: j.Grave, Text: j.Text, Remedy: j.Remedy})
		if !slices.ContainsFunc(told, func(t Finding) bool { return t.Node == found.Node && t.Remedy == one.Remedy }) {
			all = append(all, one)
		}
	}
	return all
}

// audited: whose audit log is not written.
func audited(f Facts) []Finding {
	return f.orWell(f.concerned(api.ConcernAudit), string(api.ConcernAudit), "No node that answers loses lines of its audit log.")
}

// concerned are the concerns about a subject of all nodes that answer.
func (f Facts) concerned(subject api.ConcernSubject) []Finding {
	var all []Finding
	for _, a := range f.heardFrom() {
		for _, c := range a.Report.Concerns {
			if c.Subject == subject {
				all = append(all, concern(a.Node, c))
			}
		}
	}
	return all
}

// concern is what a node says of itself as a finding.
func concern(node string, c api.Concern) Finding {
	severity := Warning
	if c.Grave {
		severity = Critical
	}
	return Finding{Severity: severity, Subject: string(c.Subject), Node: node, Text: sentence(c.Text), Remedy: c.Remedy}
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

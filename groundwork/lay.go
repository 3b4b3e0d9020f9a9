package groundwork

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/access"
	"tocsin/pki"
)

// Options say what else is to be known.
type Options struct {
	// Operator is the name of whom the first client certificate is for.
	Operator string
	// Life is how long certificates last; 0 means pki.CertificateLife.
	Life time.Duration
}

// Lay writes the folder dir, which must not be there yet. After an error there is
// none. It returns the token of an admin, which is kept nowhere: the folder, and
// later the cluster, has no more than its hash.
func Lay(dir string, p Plan, o Options, now time.Time) (admin access.Token, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return admin, err
	}
	if _, err := os.Lstat(dir); err == nil {
		return admin, fmt.Errorf("%s is there already: name another folder, for the keys in it may be in use: %w", dir, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return admin, err
	}
	building, err := os.MkdirTemp(filepath.Dir(dir), ".tocsin-init-")
	if err != nil {
		return admin, err
	}
	sh, err := newShared(o.Operator)
	if err == nil {
		err = p.build(building, dir, sh, o, now)
	}
	if err := settle(building, dir, err); err != nil {
		return admin, err
	}
	return sh.admin, nil
}

// settle gives what was built its name. After an error, that of building it too, none
// of it stays: it holds the key of a CA that is in use nowhere.
func settle(building, dir string, err error) error {
	if err == nil {
		err = os.Rename(building, dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(building))
	}
	return nil
}

// build fills the folder in, that is to be called dir.
func (p Plan) build(in, dir string, sh shared, o Options, now time.Time) error {
	ca, err := pki.NewAuthority("Tocsin "+now.UTC().Format(time.DateOnly), now, pki.AuthorityLife)
	if err != nil {
		return err
	}
	if err := pki.SaveAuthority(filepath.Join(in, "ca"), ca); err != nil {
		return err
	}
	for _, n := range p.Nodes {
		if err := p.equip(filepath.Join(in, "nodes", n.Name), filepath.Join(dir, "nodes", n.Name), n, ca, sh, o, now); err != nil {
			return err
		}
	}
	operator := filepath.Join(in, "operator")
	who := pki.Subject{Role: pki.Admin, Name: o.Operator}
	if _, err := pki.Equip(operator, ca, pki.Request{Subject: who, Life: o.Life}, now); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(operator, "client.yaml"), []byte(p.client()), 0o600)
}

// equip fills the folder of a node, that is to be called home.
func (p Plan) equip(in, home string, n Node, ca *pki.Authority, sh shared, o Options, now time.Time) error {
	r := pki.Request{Subject: pki.Subject{Role: pki.Node, Name: n.Name}, Hosts: []string{n.Host}, Life: o.Life}
	if _, err := pki.Equip(filepath.Join(in, "tls"), ca, r, now); err != nil {
		return err
	}
	if err := sh.give(in, n.Name == p.Nodes[0].Name); err != nil {
		return err
	}
	text := p.configuration(n, placesOf(home, p.Here()))
	return os.WriteFile(filepath.Join(in, "tocsin.yaml"), []byte(text), 0o644)
}

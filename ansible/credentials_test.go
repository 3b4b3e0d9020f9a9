//go:build linux

package ansible_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// credentials names a file of those that the rollout has made beside the
// inventory.
func (f *fleet) credentials(name string) string { return f.path(filepath.Join("credentials", name)) }

// secured reports whether there are credentials; without them all talk without TLS.
func (f *fleet) secured() bool {
	_, err := os.Stat(f.credentials(""))
	return err == nil
}

// operator returns what an operator believes and shows.
func (f *fleet) operator() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(f.credentials("operator/tls.crt"), f.credentials("operator/tls.key"))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(f.credentials("operator/ca.crt"))
	if err != nil {
		return nil, err
	}
	believed := x509.NewCertPool()
	believed.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: believed, Certificates: []tls.Certificate{cert}}, nil
}

// get asks a node by GET, as the operator, and returns its answer.
func (f *fleet) get(m *machine, path string) (body string, err error) {
	way, scheme := &http.Transport{DialContext: f.control.DialContext, DisableKeepAlives: true}, "http"
	if f.secured() {
		scheme = "https"
		if way.TLSClientConfig, err = f.operator(); err != nil {
			return "", err
		}
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: way}
	answer, err := client.Get(fmt.Sprintf("%s://%s%s", scheme, netip.AddrPortFrom(m.address(), httpPort), path))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", m.name, answer.Status, text)
	}
	return string(text), err
}

// shows returns the certificate that a node shows.
func (f *fleet) shows(t *testing.T, m *machine) *x509.Certificate {
	t.Helper()
	known, err := f.operator()
	if err != nil {
		t.Fatal(err)
	}
	known.ServerName = m.address().String()
	conn, err := f.dial("tcp", netip.AddrPortFrom(m.address(), httpPort).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // nothing is written
	secure := tls.Client(conn, known)
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatalf("speak TLS with %s: %v", m.name, err)
	}
	return secure.ConnectionState().PeerCertificates[0]
}

// keepsSecrets requires that a playbook has said no secret.
func (f *fleet) keepsSecrets(t *testing.T, said string) {
	t.Helper()
	for _, secret := range f.secrets(t) {
		if strings.Contains(said, secret) {
			t.Errorf("the playbook has shown a secret:\n%s", said)
		}
	}
}

// secrets returns a line of each secret that there is on the control: of PEM the
// first that is its own, else the last.
func (f *fleet) secrets(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir(f.credentials(""), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // none has been made so far
		case err != nil:
			return err
		case d.IsDir() || strings.HasSuffix(path, ".crt") || strings.HasSuffix(path, ".yaml") || strings.HasPrefix(d.Name(), ".") || d.Name() == "first":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v, and holds a secret (%v)", path, info.Mode(), err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if block, _ := pem.Decode(text); block != nil {
			lines = lines[1:2]
		}
		all = append(all, lines[len(lines)-1])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// starts returns how often the agent of each machine was started, as it has noted.
func (f *fleet) starts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, m := range f.machines {
		all[m.name] = f.read(t, m.File("/var/lib/tocsin/identity.json"))
	}
	return all
}

// modes is who may read what the role brings.
func (f *fleet) modes(t *testing.T) {
	t.Helper()
	all := map[string]os.FileMode{
		"/etc/tocsin": 0o750, "/etc/tocsin/tls": 0o750, "/etc/tocsin/tls/tls.key": 0o600, "/etc/tocsin/gossip.key": 0o640, "/etc/tocsin/tocsin.yaml": 0o640,
	}
	if _, err := os.Stat(f.credentials("tokens")); err == nil {
		all["/etc/tocsin/join.token"] = 0o640
	}
	for name, want := range all {
		for _, m := range f.machines {
			info, err := os.Stat(m.File(name))
			if err != nil {
				t.Errorf("%s: %v", m.name, err)
			} else if info.Mode().Perm() != want {
				t.Errorf("%s of %s has the mode %v, and not %v", name, m.name, info.Mode().Perm(), want)
			}
		}
	}
}

// renew brings new certificates to all nodes, which take them while they run.
func (f *fleet) renew(t *testing.T) {
	before, started := make(map[string]*x509.Certificate), f.starts(t)
	for _, m := range f.machines {
		before[m.name] = f.shows(t, m)
	}
	f.play(t, "playbooks/certificates.yml", "-e", "tocsin_renew=true")
	for _, m := range f.machines {
		if after := f.shows(t, m); after.SerialNumber.Cmp(before[m.name].SerialNumber) == 0 {
			t.Errorf("%s shows the same certificate as before", m.name)
		}
	}
	f.stay(t, started)
}

// rekey changes the key of the gossip, while people write.
func (f *fleet) rekey(t *testing.T) {
	started, before := f.starts(t), f.read(t, f.credentials("gossip.key"))
	w := f.write()
	f.play(t, "playbooks/gossip-key.yml")
	f.hold(t, w.end())
	after := f.read(t, f.credentials("gossip.key"))
	if before == after {
		t.Error("it is the same key as before")
	}
	for _, m := range f.machines {
		if has := f.read(t, m.File("/etc/tocsin/gossip.key")); strings.TrimSpace(has) != strings.TrimSpace(after) {
			t.Errorf("%s does not have the new key alone", m.name)
		}
	}
	eventually(t, patience, f.whole(f.machines...))
	f.stay(t, started)
}

func (f *fleet) read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stay requires that no agent was started since.
func (f *fleet) stay(t *testing.T, before map[string]string) {
	t.Helper()
	for name, after := range f.starts(t) {
		if before[name] != after {
			t.Errorf("the agent of %s was started again", name)
		}
	}
}

package recovery

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/pki"
)

// folderOf makes a directory for --tls, with a certificate of ca that was issued
// at that time.
func folderOf(t *testing.T, ca *pki.Authority, name string, issued time.Time) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := pki.Equip(dir, ca, pki.Request{Subject: pki.Subject{Role: pki.Node, Name: name}}, issued); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAsker_WhoCantBeAskedByTLSContradicts: a survivor that leads must not be
// passed over because we and it do not agree on TLS; and who gave --tls is not
// told to give it.
func TestAsker_WhoCantBeAskedByTLSContradicts(t *testing.T) {
	now, old := time.Now(), time.Now().Add(-2*pki.CertificateLife)
	ours, err := pki.NewAuthority("ours", old, pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := pki.NewAuthority("theirs", old, pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	believed := x509.NewCertPool()
	believed.AddCert(ours.Certificate)
	leads := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Readiness{Node: "n4", Leader: "n4"})
	})
	serve := func(t *testing.T, certified string, config *tls.Config) string {
		server := httptest.NewUnstartedServer(leads)
		t.Cleanup(server.Close)
		if config == nil {
			server.Start()
			return server.Listener.Addr().String()
		}
		certificate, err := tls.LoadX509KeyPair(pki.FilesIn(certified).Cert, pki.FilesIn(certified).Key)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{certificate}
		server.TLS = config
		server.StartTLS()
		return server.Listener.Addr().String()
	}
	for name, c := range map[string]struct {
		shown  string // what --tls names
		serves string
		config *tls.Config // nil for plain text
		want   string
	}{
		"all is well":           {folderOf(t, ours, "n1", now), folderOf(t, ours, "n4", now), &tls.Config{}, "it says that n4 leads"},
		"it speaks plain text":  {folderOf(t, ours, "n1", now), "", nil, "it speaks plain HTTP there, and not TLS: stop it, or name it in --dead once it is gone"},
		"it is of another CA":   {folderOf(t, ours, "n1", now), folderOf(t, theirs, "n4", now), &tls.Config{}, "a CA that is not believed here"},
		"it has expired":        {folderOf(t, ours, "n1", now), folderOf(t, ours, "n4", old), &tls.Config{}, "the certificate of node n4 expired on"},
		"it wants more than us": {folderOf(t, ours, "n1", now), folderOf(t, ours, "n4", now), &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}, "it does not believe the CA of our certificate"},
		"we have expired":       {folderOf(t, ours, "n1", old), folderOf(t, ours, "n4", now), &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: believed}, "it says that our certificate has expired"},
		"it has an old TLS":     {folderOf(t, ours, "n1", now), folderOf(t, ours, "n4", now), &tls.Config{MaxVersion: tls.VersionTLS12}, "protocol version not supported: stop it"},
	} {
		t.Run(name, func(t *testing.T) {
			others, err := newAsker(c.shown)
			if err != nil {
				t.Fatal(err)
			}
			m := fiveMembers()
			m.http["n4"] = serve(t, c.serves, c.config)
			silent, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			_ = silent.Close()
			m.http["n2"] = silent.Addr().String()
			err = m.ask(t.Context(), others, []string{"n2", "n3"})
			if err == nil || !strings.HasPrefix(err.Error(), "n4 at "+m.http["n4"]+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "give --tls") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

package node

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/access"
	"tocsin/credentials"
	"tocsin/pki"
)

// issued returns a certificate of a CA, both from now on.
func issued(t *testing.T, who pki.Subject) (cert, ca *x509.Certificate) {
	t.Helper()
	authority, err := pki.NewAuthority("test", time.Now(), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = authority.Issue(pki.Request{Subject: who}, key.Public(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return cert, authority.Certificate
}

func TestJudge(t *testing.T) {
	cert, ca := issued(t, pki.Subject{Role: pki.Node, Name: "n1"})
	for name, test := range map[string]struct {
		after             time.Duration
		trouble           string
		problem, warnings string
	}{
		"new":          {0, "", "", ""},
		"soon":         {pki.CertificateLife - pki.Day, "", "", "certificate of node n1 expires on"},
		"expired":      {pki.CertificateLife + pki.Day, "", "certificate of node n1 expired on", ""},
		"a CA's end":   {pki.AuthorityLife - pki.Day, "", "certificate of node n1 expired on", "CA \"test\" expires on"},
		"half a file":  {0, "no certificate", "", "can't be used, and the ones before are kept: no certificate"},
		"a clock back": {-pki.Day, "", "is valid only from", "is valid only from"},
	} {
		var problems, warnings []string
		for _, c := range judge(credentials.Standing{Own: cert, Roots: []*x509.Certificate{ca}, Trouble: test.trouble}, time.Now().Add(test.after)) {
			if c.Grave {
				problems = append(problems, c.String())
			} else {
				warnings = append(warnings, c.String())
			}
		}
		for _, part := range []struct {
			got  []string
			want string
		}{{problems, test.problem}, {warnings, test.warnings}} {
			if got := strings.Join(part.got, "; "); (got == "") != (part.want == "") || !strings.Contains(got, part.want) {
				t.Errorf("%s: got %q, want %q", name, got, part.want)
			}
		}
	}
}

func TestIdentified(t *testing.T) {
	node, _ := issued(t, pki.Subject{Role: pki.Node, Name: "n1"})
	admin, _ := issued(t, pki.Subject{Role: pki.Admin, Name: "anna"})
	proven := func(cert *x509.Certificate) *tls.ConnectionState {
		if cert == nil {
			return &tls.ConnectionState{}
		}
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}, VerifiedChains: [][]*x509.Certificate{{cert}}}
	}
	for name, test := range map[string]struct {
		tls  *tls.ConnectionState
		want string // who it is to the API
	}{
		"plain text":         {nil, "nobody"},
		"nobody":             {proven(nil), "nobody"},
		"an admin":           {proven(admin), "admin anna"},
		"a node":             {proven(node), "node n1"},
		"what is not proven": {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{node}}, "nobody"},
	} {
		got := ""
		handler := identified(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = "nobody"
			if i, ok := access.From(r.Context()).Certificate(); ok {
				got = string(i.Role) + " " + i.Name
			}
		}))
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/status", nil)
		request.TLS = test.tls
		handler.ServeHTTP(httptest.NewRecorder(), request)
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

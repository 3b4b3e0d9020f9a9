package scripts_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestVerifyHTTP(t *testing.T) {
	mux := http.NewServeMux()
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("/health", answer(200, `{"status": "all is well", "replicas": 3}`))
	mux.HandleFunc("/made", answer(201, ""))
	mux.HandleFunc("/broken", answer(503, "all is lost"))
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "all is well")
	})
	mux.HandleFunc("/closed", func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "watch" || password != "open sesame" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	mux.HandleFunc("/hanging", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer server.CloseClientConnections()
	web := sampling(t, "verify-http.sh", `watch=user = "watch:open sesame"`)
	at := server.URL

	web.want(t, at+"/health", "UP", "HTTP 200")
	web.want(t, at+"/health status=200,204 body=is well.*replicas\": [23]", "UP", "the body matches")
	web.want(t, at+"/health body=is lost", "DOWN", "the body does not match is lost")
	web.want(t, at+"/health body=(", "UNKNOWN", "no regular expression")
	web.want(t, at+"/health body=-v", "DOWN", "does not match -v")
	web.want(t, at+"/made", "UP", "HTTP 201")
	web.want(t, at+"/made status=200", "DOWN", "HTTP 201, and not 200")
	web.want(t, at+"/broken", "DOWN", "HTTP 503")
	web.want(t, at+"/broken status=503", "UP")
	web.want(t, at+"/broken status=2xx,5xx body=lost", "UP")
	web.want(t, at+"/broken body=lost", "DOWN", "HTTP 503")
	web.want(t, at+"/half", "UP", "HTTP 200")
	web.want(t, at+"/half body=well", "DOWN", "no good answer")
	web.want(t, at+"/closed", "DOWN", "HTTP 401")
	web.want(t, at+"/closed secret=watch", "UP")
	web.want(t, at+"/health status=*", "UNKNOWN", "give codes")
	web.want(t, "file:///etc/passwd", "UNKNOWN")
	web.impatient().want(t, at+"/hanging", "DOWN", "no answer within 1 s")
	web.without(t, "grep", "tail", "wget").want(t, at+"/health body=x", "UNKNOWN", "install curl")
	web.without(t, "grep", "tail").want(t, at+"/health", "UNKNOWN", "install curl")
}

func TestVerifyTCP(t *testing.T) {
	tcp := sampling(t, "verify-tcp.sh")
	tcp.want(t, listener(t, "127.0.0.1:0"), "UP")
	tcp.want(t, freeAddress(t), "DOWN", "refused")
	tcp.want(t, "nowhere.invalid:80", "UNKNOWN")
	tcp.want(t, "127.0.0.1", "UNKNOWN", "no host:port")
}

func TestVerifyTLSExpiry(t *testing.T) {
	now := time.Now()
	server := func(names []string, until time.Duration) (address, file string) {
		certificate, text := certificate(t, names, now.Add(-400*24*time.Hour), now.Add(until))
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // not all handshakes are to succeed
		s.StartTLS()
		t.Cleanup(s.Close)
		file = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return s.Listener.Addr().String(), file
	}
	good, ca := server([]string{"localhost", "127.0.0.1"}, 240*time.Hour+time.Minute)
	_, otherCA := server([]string{"other.test"}, 240*time.Hour)
	over, _ := server([]string{"localhost"}, -time.Hour)
	expiry := sampling(t, "verify-tls-expiry.sh")

	expiry.want(t, good+" days=10", "UP", "good until")
	expiry.want(t, good+" days=11", "DOWN", "expires within 11 days")
	expiry.want(t, good, "DOWN", "expires within 14 days")
	expiry.want(t, over+" days=0", "DOWN", "has expired")
	expiry.want(t, good+" days=1 ca="+ca, "UP")
	expiry.want(t, good+" days=1 name=localhost ca="+ca, "UP")
	expiry.want(t, good+" days=1 name=other.test ca="+ca, "DOWN", "ostname mismatch")
	expiry.want(t, good+" days=1 ca="+otherCA, "DOWN", "certificate")
	expiry.want(t, good+" days=1 ca=system", "DOWN", "certificate")
	expiry.want(t, good+" ca=/nowhere", "UNKNOWN", "can't be read")
	expiry.want(t, strings.TrimPrefix(webServer(t), "http://"), "DOWN", "no certificate is shown")
	expiry.want(t, freeAddress(t), "DOWN", "refused")
	expiry.want(t, "nowhere.invalid", "UNKNOWN")
	expiry.impatient().want(t, listener(t, "127.0.0.1:0"), "DOWN", "no answer within 1 s")
	expiry.without(t).want(t, good, "UNKNOWN", "install openssl")
}

// certificate signs itself.
func certificate(t *testing.T, names []string, from, until time.Time) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// couchbase answers as the REST API of Couchbase is documented to.
type couchbase struct {
	mu                        sync.Mutex
	cluster, bucket, password string // guarded by mu
}

// becomes says what it answers from now on, and to whom.
func (c *couchbase) becomes(cluster, password string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cluster, c.password = cluster, password
}

func (c *couchbase) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, password, _ := r.BasicAuth(); password != c.password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body := map[string]string{"/pools/default": c.cluster, "/pools/default/buckets/orders": c.bucket}[r.URL.Path]
	switch {
	case body != "":
		_, _ = io.WriteString(w, body)
	case r.URL.Path == "/pools/default":
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `"unknown pool"`)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "Requested resource not found.\r\n")
	}
}

// couchbaseNodes is what both kinds of answers say of their nodes.
func couchbaseNodes(status ...string) string {
	var nodes []string
	for i, s := range status {
		membership := "active"
		if s == "new" {
			s, membership = "healthy", "inactiveAdded"
		}
		nodes = append(nodes, fmt.Sprintf(`{"systemStats": {"cpu_utilization_rate": 2.5}, "clusterMembership": %q, "recoveryType": "none",
			"status": %q, "otpNode": "ns_1@10.0.0.%d", "hostname": "10.0.0.%d:8091", "version": "7.2.0-5325-enterprise", "services": ["kv"]}`,
			membership, s, i+1, i+1))
	}
	return `{"name": "default", "nodes": [` + strings.Join(nodes, ",") + `], "rebalanceStatus": "none", "balanced": true}`
}

func TestVerifyCouchbase(t *testing.T) {
	stand := &couchbase{cluster: couchbaseNodes("healthy", "healthy", "healthy", "new"), bucket: couchbaseNodes("healthy", "healthy", "warmup")}
	server := httptest.NewServer(stand)
	defer server.Close()
	base := sampling(t, "verify-couchbase.sh", `couchbase=user = "watch:open sesame"`)
	at := server.URL

	base.want(t, at, "UNKNOWN", "HTTP 401") // no secret is asked for
	const password = "open sesame"
	stand.becomes(couchbaseNodes("healthy", "healthy", "healthy", "new"), password)
	base.want(t, at, "UP", "3 of 3 active nodes are healthy")
	base.want(t, at+"/ healthy=3", "UP")
	base.want(t, at+" healthy=4", "DOWN", "3 of the 3")
	base.want(t, at+" bucket=orders", "DOWN", "2 of the 3 active nodes of the bucket orders are healthy: 10.0.0.3:8091 is warmup")
	base.want(t, at+" bucket=orders healthy=2", "UP", "2 of 3")
	base.want(t, at+" bucket=other", "DOWN", "the bucket other does not exist")
	base.want(t, at+" bucket=../x", "UNKNOWN")
	stand.becomes(couchbaseNodes("healthy", "unhealthy", "healthy"), password)
	base.want(t, at, "DOWN", "10.0.0.2:8091 is unhealthy")
	stand.becomes(couchbaseNodes("new"), password)
	base.want(t, at, "DOWN", "no active nodes")
	stand.becomes("", password)
	base.want(t, at, "DOWN", "unknown pool")
	stand.becomes("<html>", password)
	base.want(t, at, "UNKNOWN", "not one of Couchbase")
	base.want(t, "http://"+freeAddress(t), "DOWN", "refused")
	base.impatient().want(t, "http://"+listener(t, "127.0.0.1:0"), "DOWN", "no answer")
	base.without(t).want(t, at, "UNKNOWN", "install jq")
	base.without(t, "jq").want(t, at, "UNKNOWN", "install curl")
}

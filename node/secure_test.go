package node_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/connlimit"
	"tocsin/credentials"
	"tocsin/fsm"
	"tocsin/node"
	"tocsin/pki"
)

// secured is a cluster on loopback whose nodes speak TLS.
type secured struct {
	*loopback
	ca  *pki.Authority
	dir string
}

func newSecured(t testing.TB, n int) secured {
	t.Helper()
	ca, err := pki.NewAuthority("test", time.Now(), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	s := secured{ca: ca, dir: t.TempDir()}
	s.loopback = newLoopbackOf(t, n, nil, func(c *node.Config) {
		c.TLS = filepath.Join(s.dir, c.Name)
		s.equip(t, c.Name, ca, pki.Subject{Role: pki.Node, Name: c.Name})
	})
	return s
}

func (s secured) equip(t testing.TB, folder string, ca *pki.Authority, who pki.Subject) pki.Files {
	t.Helper()
	dir := filepath.Join(s.dir, folder)
	if _, err := pki.Equip(dir, ca, pki.Request{Subject: who}, time.Now()); err != nil {
		t.Fatal(err)
	}
	return pki.FilesIn(dir)
}

// asking returns a client that shows the certificate in files, if there is one.
func asking(t *testing.T, files pki.Files) *http.Client {
	t.Helper()
	config, err := credentials.Client(files)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func TestNode_SpeaksTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	s := newSecured(t, 3)
	for i, n := range s.nodes { // two of them have to ask the leader
		if _, err := n.Propose(t.Context(), fsm.SetEndpoint{Key: n.Self().Node, Value: "v"}); err != nil {
			t.Fatalf("node %d: %v", i, err)
		}
	}
	leader := s.leader(t).Self()
	anna := s.equip(t, "anna", s.ca, pki.Subject{Role: pki.Admin, Name: "anna"})
	answer, err := asking(t, pki.Files{CA: anna.CA}).Get("https://" + leader.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("/readyz answers %s", answer.Status)
	}

	for _, at := range []string{leader.HTTP, leader.Raft} {
		if said := speak(t, at, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"); strings.Contains(said, "endpoints") {
			t.Errorf("%s answers plain text: %q", at, said)
		}
	}
	if said := speak(t, leader.HTTP, "GET / HTTP/1.1\r\n\r\n"); !strings.Contains(said, api.PlainTextHint) {
		t.Errorf("plain text is not told what to do: %q", said)
	}
	if said := speak(t, leader.Raft, "\x00\x00\x00\x00"); said != "" {
		t.Errorf("raft answers plain text: %q", said)
	}

	theirs, err := pki.NewAuthority("test", time.Now(), pki.AuthorityLife) // of the same name
	if err != nil {
		t.Fatal(err)
	}
	for who, files := range map[string]pki.Files{
		"a client":             anna,
		"a node of another CA": s.equip(t, "false", theirs, pki.Subject{Role: pki.Node, Name: "n1"}),
	} {
		if err := shakes(t, leader.Raft, files); err == nil {
			t.Errorf("raft lets %s in", who)
		}
	}
	if err := shakes(t, leader.Raft, pki.FilesIn(filepath.Join(s.dir, "n1"))); err != nil {
		t.Errorf("raft does not let a node in: %v", err)
	}
}

// TestNode_AsksOnlyWhomItMeans: a node of our CA that sits at the address of
// another one is not taken for it.
func TestNode_AsksOnlyWhomItMeans(t *testing.T) {
	if testing.Short() {
		t.Skip("uses real sockets and disks; left out by -short")
	}
	s := newSecured(t, 3)
	leader := s.leader(t)
	if _, err := leader.Propose(t.Context(), fsm.SetEndpoint{Key: "key", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	at := leader.Self().HTTP
	if err := leader.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	poser, err := credentials.Open(s.equip(t, "n9", s.ca, pki.Subject{Role: pki.Node, Name: "n9"}), "n9", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	var hungUp, asked atomic.Int32
	refused := func(net.Conn, error) { hungUp.Add(1) }
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }),
	}
	done := make(chan struct{})
	go func() {
		_ = server.Serve(credentials.Listen(connlimit.Listen(inner, fewRooms, refused), poser.ForAll(false), refused))
		close(done)
	}()
	other := s.nodes[0]
	if other == leader {
		other = s.nodes[1]
	}
	client := asking(t, s.equip(t, "anna", s.ca, pki.Subject{Role: pki.Read, Name: "anna"}))
	s.await(t, "it is asked for its account, as all are", func() bool {
		answer, err := client.Get("https://" + other.Self().HTTP + "/v1/why/key")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusForbidden {
			t.Fatal("who may read may not ask why")
		}
		return hungUp.Load() > 0
	})
	_ = server.Close()
	<-done
	if n := asked.Load(); n > 0 {
		t.Errorf("the other node was asked %d times", n)
	}
}

// fewRooms has room for what one test brings.
var fewRooms = connlimit.Rooms{{All: 100, FromOne: 100}, {All: 100, FromOne: 100}, {All: 100, FromOne: 100}}

// speak sends plain text, and returns what comes back.
func speak(t *testing.T, address, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(c) // an end of any kind will do
	return string(said)
}

// shakes reports whether somebody with these files is let in at address.
func shakes(t *testing.T, address string, files pki.Files) error {
	t.Helper()
	m, err := files.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", address, &tls.Config{
		InsecureSkipVerify: true,
		Certificates:       []tls.Certificate{{Certificate: [][]byte{m.Chain[0].Raw}, PrivateKey: m.Key}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	// Who is refused hears so at the first reading; who is let in hears nothing.
	_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err = c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

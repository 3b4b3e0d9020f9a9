package credentials_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/connlimit"
	"tocsin/credentials"
	"tocsin/pki"
)

// world is a CA, and a folder for everybody.
type world struct {
	t   *testing.T
	dir string
	ca  *pki.Authority
}

func newWorld(t *testing.T) world {
	t.Helper()
	ca, err := pki.NewAuthority("ours", time.Now().Add(-3*pki.CertificateLife), pki.AuthorityLife)
	if err != nil {
		t.Fatal(err)
	}
	return world{t, t.TempDir(), ca}
}

// equip gives somebody a certificate of w's CA, as it would have been issued at
// that time, and believes that CA.
func (w world) equip(folder string, r pki.Request, at time.Time) pki.Files {
	w.t.Helper()
	dir := filepath.Join(w.dir, folder)
	if _, err := pki.Equip(dir, w.ca, r, at); err != nil {
		w.t.Fatal(err)
	}
	return pki.FilesIn(dir)
}

func (w world) node(name string) *credentials.Live {
	w.t.Helper()
	return w.open(w.equip("node-"+name, node(name), time.Now()), name)
}

func (w world) open(files pki.Files, name string) *credentials.Live {
	w.t.Helper()
	live, err := credentials.Open(files, name, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return live
}

func node(name string) pki.Request {
	return pki.Request{Subject: pki.Subject{Role: pki.Node, Name: name}}
}

// roomy has room for all that a test brings.
var roomy = connlimit.Rooms{{All: 100, FromOne: 100}, {All: 100, FromOne: 100}, {All: 100, FromOne: 100}}

func listen(inner net.Listener, config *tls.Config, rooms connlimit.Rooms, refused connlimit.Refused) *credentials.Listener {
	return credentials.Listen(connlimit.Listen(inner, rooms, refused), config, refused)
}

// port is a listener that answers who comes in with the name of the subject that
// was shown, and tells whom it refused.
type port struct {
	address string
	refused chan error
}

func serve(t *testing.T, config *tls.Config) port {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port{inner.Addr().String(), make(chan error, 100)}
	l := listen(inner, config, roomy, func(_ net.Conn, why error) { p.refused <- why })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			name := "nobody"
			if shown := c.(*tls.Conn).ConnectionState().PeerCertificates; len(shown) > 0 {
				name = shown[0].Subject.CommonName
			}
			_, _ = io.WriteString(c, name)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return p
}

// meet calls p with that configuration, and returns whom p takes it for.
func (p port) meet(config *tls.Config) (string, error) {
	c, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: config}).Dial("tcp", p.address)
	if err != nil {
		return "", credentials.Explain(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	said, err := io.ReadAll(c)
	return string(said), credentials.Explain(err)
}

// showing is the caller that shows this certificate, and believes everybody.
func showing(t *testing.T, files pki.Files) *tls.Config {
	t.Helper()
	m, err := files.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := &tls.Config{InsecureSkipVerify: true}
	if m.Key != nil {
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{m.Chain[0].Raw}, PrivateKey: m.Key}}
	}
	return c
}

func TestStrangersAreRefused(t *testing.T) {
	w, theirs := newWorld(t), newWorld(t)
	n1 := w.node("n1")
	forNodes, forAll, forKnown := serve(t, n1.AmongNodes()), serve(t, n1.ForAll(false)), serve(t, n1.ForAll(true))
	now, old := time.Now(), time.Now().Add(-2*pki.CertificateLife)
	admin := pki.Request{Subject: pki.Subject{Role: pki.Admin, Name: "anna"}}

	// A certificate of our CA that serves as one of a node, and is none.
	posing := w.equip("posing", admin, now)
	for _, test := range []struct {
		who                     string
		files                   pki.Files
		oldTLS                  bool
		toNodes, toAll, toKnown string // whom it is taken for, "" if it is refused
		because                 string // what the port for nodes says of it
	}{
		{who: "a node", files: w.equip("n2", node("n2"), now), toNodes: "n2", toAll: "n2", toKnown: "n2"},
		{who: "a client", files: posing, toAll: "anna", toKnown: "anna", because: "this is the certificate of client anna (admin), and a node is expected"},
		{who: "nobody", files: pki.Files{}, toAll: "nobody", because: "client didn't provide a certificate"},
		{who: "a node of another CA", files: theirs.equip("n2", node("n2"), now), because: "unknown authority"},
		{who: "a node whose certificate has expired", files: w.equip("late", node("n2"), old), because: "expired"},
		{who: "a node of tomorrow", files: w.equip("early", node("n2"), now.Add(2*pki.Day)), because: "not yet valid"},
		{who: "somebody without TLS 1.3", files: w.equip("n3", node("n3"), now), oldTLS: true, because: "unsupported versions"},
	} {
		t.Run(test.who, func(t *testing.T) {
			config := showing(t, test.files)
			if test.oldTLS {
				config.MaxVersion = tls.VersionTLS12
			}
			for _, at := range []struct {
				port port
				want string
			}{{forNodes, test.toNodes}, {forAll, test.toAll}, {forKnown, test.toKnown}} {
				got, err := at.port.meet(config)
				if got != at.want || (err == nil) != (at.want != "") {
					t.Errorf("taken for %q (%v), want %q", got, err, at.want)
				}
			}
			if test.because == "" {
				return
			}
			if why := <-forNodes.refused; !strings.Contains(why.Error(), test.because) {
				t.Errorf("refused because %v, want %q", why, test.because)
			}
		})
	}
}

func TestPlainTextIsRefused(t *testing.T) {
	p := serve(t, newWorld(t).node("n1").AmongNodes())
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	why := <-p.refused
	if plain, ok := errors.AsType[tls.RecordHeaderError](why); !ok {
		t.Errorf("refused because %v (%v)", why, plain)
	}
}

func TestLive_Dial(t *testing.T) {
	w, theirs := newWorld(t), newWorld(t)
	n1, n2 := w.node("n1"), w.node("n2")
	to2 := serve(t, n2.AmongNodes())
	dial := func(l *credentials.Live, to port, names ...string) error {
		c, err := l.Dial(t.Context(), to.address, 5*time.Second, names...)
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	for _, names := range [][]string{{"n2"}, {"n3", "n2"}, nil} {
		if err := dial(n1, to2, names...); err != nil {
			t.Errorf("as one of %v: %v", names, err)
		}
	}
	// Whoever answers has to be the one who is meant, whatever else it is.
	client := w.equip("anna", pki.Request{Subject: pki.Subject{Role: pki.Admin, Name: "n2"}}, time.Now())
	expired := w.equip("expired", node("n2"), time.Now().Add(-2*pki.CertificateLife))
	as := func(files pki.Files) port {
		return serve(t, &tls.Config{Certificates: showing(t, files).Certificates})
	}
	for who, test := range map[string]struct {
		to   port
		want string
	}{
		"another node":                       {serve(t, w.node("n3").AmongNodes()), "it is node n3 that answers there, and not n2"},
		"a node of another CA":               {serve(t, theirs.node("n2").AmongNodes()), "of node n2, was issued by a CA that is not believed here"},
		"a client that serves":               {as(client), "incompatible key usage"},
		"a node whose certificate has ended": {as(expired), "the certificate of node n2 expired on"},
	} {
		err := dial(n1, test.to, "n2")
		op, ok := errors.AsType[*net.OpError](err)
		if !ok || op.Op != "dial" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s answers: got %v, want %q", who, err, test.want)
		}
	}
}

func TestClient(t *testing.T) {
	w := newWorld(t)
	p := serve(t, w.node("n1").ForAll(false))
	anna := w.equip("anna", pki.Request{Subject: pki.Subject{Role: pki.Admin, Name: "anna"}}, time.Now())
	believing, err := credentials.Client(pki.Files{CA: anna.CA})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.meet(believing); got != "nobody" || err != nil {
		t.Errorf("without a certificate: %q, %v", got, err)
	}
	showing, err := credentials.Client(anna)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.meet(showing); got != "anna" || err != nil {
		t.Errorf("with a certificate: %q, %v", got, err)
	}
	usual, err := credentials.Client(pki.Files{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.meet(usual); err == nil || !strings.Contains(err.Error(), "believe the ca.crt of its cluster") {
		t.Errorf("without the CA: %v", err)
	}
}

// TestClient_BehindAProxy: what is no node of ours must at least be the host that
// was called.
func TestClient_BehindAProxy(t *testing.T) {
	w := newWorld(t)
	cert, key := selfSigned(t, "proxy.example")
	ca := filepath.Join(w.dir, "proxy.crt")
	if err := pki.WriteCertificates(ca, cert); err != nil {
		t.Fatal(err)
	}
	at := serve(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}})
	config, err := credentials.Client(pki.Files{CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	config.ServerName = "proxy.example"
	if _, err := at.meet(config); err != nil {
		t.Errorf("the host that was called: %v", err)
	}
	config.ServerName = "other.example"
	if _, err := at.meet(config); err == nil {
		t.Error("another host than the one that was called is believed")
	}
}

func TestOpen_RefusesWhatDoesNotFit(t *testing.T) {
	w, theirs := newWorld(t), newWorld(t)
	mixed := w.equip("mixed", node("n1"), time.Now())
	mixed.CA = theirs.equip("n1", node("n1"), time.Now()).CA
	for what, test := range map[string]struct {
		files pki.Files
		want  string
	}{
		"another node":          {w.equip("n2", node("n2"), time.Now()), "the certificate is that of node n2, and this is node n1"},
		"a client":              {w.equip("c", pki.Request{Subject: pki.Subject{Role: pki.Admin, Name: "n1"}}, time.Now()), "that of client n1 (admin)"},
		"a CA that is not ours": {mixed, "the certificate is of no CA in"},
		"nothing":               {pki.FilesIn(w.dir), "no such file"},
	} {
		if _, err := credentials.Open(test.files, "n1", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}
	// One that has expired is taken: nothing else could tell what is wrong.
	live := w.open(w.equip("late", node("n1"), time.Now().Add(-2*pki.CertificateLife)), "n1")
	if remark := pki.Remark(live.Standing().Own, time.Now()); !strings.Contains(remark, "expired") {
		t.Errorf("got %q", remark)
	}
}

// TestLive_Renewal: the certificate, and then the CA, are changed under a node
// that serves, and at every moment somebody comes in.
func TestLive_Renewal(t *testing.T) {
	w := newWorld(t)
	files, called := w.equip("n1", node("n1"), time.Now()), w.equip("n2", node("n2"), time.Now())
	live, caller := w.open(files, "n1"), w.open(called, "n2")
	p := serve(t, live.AmongNodes())
	comesIn := func(when string) {
		t.Helper()
		c, err := caller.Dial(t.Context(), p.address, 5*time.Second, "n1")
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		_ = c.Close()
	}
	until := func(what string, so func(credentials.Standing) bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for tick := time.NewTicker(50 * time.Millisecond); !so(live.Standing()); {
			comesIn("before " + what)
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("%s is not seen: %+v", what, live.Standing())
			}
		}
		comesIn("after " + what)
	}
	renewed, err := pki.Renew(files.Cert, w.ca, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	until("the renewal", func(s credentials.Standing) bool { return s.Own.Equal(renewed) })

	good, err := os.ReadFile(files.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.Cert, good[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	until("half a file", func(s credentials.Standing) bool { return strings.Contains(s.Trouble, "no certificate") })
	if err := os.WriteFile(files.Cert, good, 0o600); err != nil {
		t.Fatal(err)
	}
	until("the whole file", func(s credentials.Standing) bool { return s.Trouble == "" })

	// Moved back it is as it was, to the nanosecond.
	if err := os.Rename(files.Cert, files.Cert+".away"); err != nil {
		t.Fatal(err)
	}
	until("no file", func(s credentials.Standing) bool { return strings.Contains(s.Trouble, "no such file") })
	if err := os.Rename(files.Cert+".away", files.Cert); err != nil {
		t.Fatal(err)
	}
	until("the file that was moved back", func(s credentials.Standing) bool { return s.Trouble == "" })

	// The next CA: first both believe both, then each gets its new certificate.
	next := newWorld(t)
	for _, f := range []pki.Files{files, called} {
		if err := pki.WriteCertificates(f.CA, w.ca.Certificate, next.ca.Certificate); err != nil {
			t.Fatal(err)
		}
	}
	until("two CAs", func(s credentials.Standing) bool { return len(s.Roots) == 2 })
	renewed, err = pki.Renew(files.Cert, next.ca, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for tick := time.NewTicker(50 * time.Millisecond); len(caller.Standing().Roots) < 2; caller.Look() {
		<-tick.C
	}
	until("the certificate of the next CA", func(s credentials.Standing) bool { return s.Own.Equal(renewed) })
}

// pipes is a listener of connections in memory, for virtual time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestListener_HangsUpOnTheSlow(t *testing.T) {
	w := newWorld(t)
	n1 := w.node("n1")
	synctest.Test(t, func(t *testing.T) {
		inner := make(pipes)
		refused := make(chan error, 10)
		rooms := roomy
		rooms[connlimit.Coming] = connlimit.Limits{All: 3, FromOne: 2}
		l := listen(inner, n1.AmongNodes(), rooms, func(_ net.Conn, why error) { refused <- why })
		var ours []net.Conn
		connect := func() net.Conn {
			here, there := net.Pipe()
			inner <- there
			ours = append(ours, here)
			synctest.Wait()
			return here
		}
		slow, dripping := connect(), connect()
		if len(refused) > 0 {
			t.Fatalf("refused at once: %v", <-refused)
		}
		connect() // from the same address: a pipe has but one
		if err := <-refused; !strings.Contains(err.Error(), "too many connections are under way at their handshake") {
			t.Errorf("one too many: %v", err)
		}
		go func() { // a byte every now and then keeps nobody
			for range 100 {
				if _, err := dripping.Write([]byte{22}); err != nil {
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
		}()
		time.Sleep(5*time.Second - time.Nanosecond)
		_ = slow.SetReadDeadline(time.Now())
		if _, err := slow.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			t.Error("it hangs up too soon")
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		_ = slow.SetReadDeadline(time.Time{})
		if _, err := slow.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the deadline: %v", err)
		}
		if len(refused) != 2 {
			t.Errorf("%d were refused, want 2", len(refused))
		}
		connect() // there is room again
		if len(refused) != 2 {
			t.Error("there is no room after all have gone")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for _, c := range ours {
			_ = c.Close()
		}
	})
}

// abrupt is a connection that ends when it is read from.
type abrupt struct{ net.Conn }

func (a abrupt) Read([]byte) (int, error) {
	_ = a.Close()
	return 0, io.EOF
}

// TestListener_TellsOfWhoSaysSomething, and not of who has only looked whether
// somebody is there.
func TestListener_TellsOfWhoSaysSomething(t *testing.T) {
	w := newWorld(t)
	n1, caller := w.node("n1"), showing(t, pki.Files{})
	for name, c := range map[string]struct {
		say  func(net.Conn)
		want int
	}{
		"nothing":          {func(net.Conn) {}, 0},
		"no TLS":           {func(c net.Conn) { _, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, 1},
		"a byte":           {func(c net.Conn) { _, _ = c.Write([]byte{22}) }, 1},
		"the first of TLS": {func(c net.Conn) { _ = tls.Client(abrupt{c}, caller).HandshakeContext(context.Background()) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := make(pipes)
				refused := make(chan error, 10)
				l := listen(inner, n1.AmongNodes(), roomy, func(_ net.Conn, why error) { refused <- why })
				here, there := net.Pipe()
				inner <- there
				c.say(here)
				_ = here.Close()
				synctest.Wait()
				if len(refused) != c.want {
					t.Errorf("told of %d, want %d", len(refused), c.want)
				}
				_ = l.Close()
			})
		})
	}
}

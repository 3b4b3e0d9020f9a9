package verify_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
	"tocsin/verify"
)

// soon is a deadline for what is meant to miss it, ample one for what is not.
const (
	soon  = 200 * time.Millisecond
	ample = 20 * time.Second
)

// expect runs a check and compares; part is a part of the reason.
func expect(t *testing.T, c verify.Checker, r verify.Request, want health.Status, part string) {
	t.Helper()
	if r.Timeout == 0 {
		r.Timeout = ample
	}
	begin := time.Now()
	s := c.Check(t.Context(), r)
	if s.Status != want || !strings.Contains(s.Reason, part) {
		t.Errorf("%s %q: %v (%s), want %v (…%s…)", r.Kind, r.Value, s.Status, s.Reason, want, part)
	}
	if took := time.Since(begin); took > r.Timeout+10*time.Second {
		t.Errorf("%s %q took %v with a timeout of %v", r.Kind, r.Value, took, r.Timeout)
	}
}

// listen accepts connections and hands each to serve until the test ends.
func listen(t testing.TB, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	t.Cleanup(group.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	return listener.Addr().String()
}

// refused returns an address that nobody listens on.
func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// untilHangUp serves nothing until the client goes.
func untilHangUp(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestChecks_TCP(t *testing.T) {
	c := verify.NewChecks(nil, nil)
	tcp := func(value string) verify.Request { return verify.Request{Kind: fsm.CheckTCP, Value: value} }

	open := listen(t, untilHangUp)
	expect(t, c, tcp(open), health.Up, "connected to 127.0.0.1:")
	expect(t, c, tcp("localhost:"+port(open)), health.Up, "connected to ")
	expect(t, c, tcp(listen(t, func(net.Conn) {})), health.Up, "connected")
	expect(t, c, tcp(refused(t)), health.Down, "connection refused")

	for value, part := range map[string]string{
		"":                  "not host:port",
		"localhost":         "not host:port",
		"::1:80":            "not host:port",
		"http://localhost/": "the port",
		":80":               "no host",
		"localhost:":        "the port",
		"localhost:0":       "the port",
		"localhost:65536":   "the port",
		"localhost:-1":      "the port",
	} {
		expect(t, c, tcp(value), health.Unknown, part)
	}
}

func TestChecks_TCPNameThatCannotBeResolvedIsUnknown(t *testing.T) {
	r := verify.Request{Kind: fsm.CheckTCP, Value: "nobody.invalid:80", Timeout: 5 * time.Second}
	expect(t, verify.NewChecks(nil, nil), r, health.Unknown, "nobody.invalid")
	r.Kind, r.Value = fsm.CheckHTTP, "http://nobody.invalid/"
	expect(t, verify.NewChecks(nil, nil), r, health.Unknown, "nobody.invalid")
}

func TestChecks_StoppedCheckIsNotDown(t *testing.T) {
	address := listen(t, untilHangUp)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(soon/4, cancel)
	begin := time.Now()
	s := verify.NewChecks(nil, nil).Check(ctx, verify.Request{Kind: fsm.CheckHTTP, Value: "http://" + address, Timeout: ample})
	if s.Status != health.Unknown || time.Since(begin) > ample/2 {
		t.Errorf("%v (%s) after %v", s.Status, s.Reason, time.Since(begin))
	}
}

func TestChecks_HTTPStatus(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.UserAgent() != "tocsin" || !r.Close {
			t.Errorf("asked %s as %q, closing: %v", r.Method, r.UserAgent(), r.Close)
		}
		if user, password, _ := r.BasicAuth(); r.URL.Path == "/secret" && user+password != "me"+"word" {
			w.WriteHeader(401)
			return
		}
		var code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &code); err == nil {
			w.Header().Set("Location", "/500")
			w.WriteHeader(code)
		}
	}))
	t.Cleanup(server.Close)
	c := verify.NewChecks(nil, nil)
	get := func(path string) verify.Request {
		return verify.Request{Kind: fsm.CheckHTTP, Value: server.URL + path}
	}
	for path, want := range map[string]health.Status{
		"": health.Up, "/": health.Up, "/200": health.Up, "/204": health.Up, "/299": health.Up,
		"/301": health.Up, "/302": health.Up, "/304": health.Up, "/399": health.Up,
		"/400": health.Down, "/401": health.Down, "/404": health.Down, "/429": health.Down,
		"/500": health.Down, "/503": health.Down, "/999": health.Down,
	} {
		code := "200"
		if len(path) > 1 {
			code = path[1:]
		}
		expect(t, c, get(path), want, "answered "+code)
	}
	withUser := strings.Replace(server.URL, "http://", "http://me:word@", 1)
	expect(t, c, verify.Request{Kind: fsm.CheckHTTP, Value: withUser + "/secret"}, health.Up, "200")
	expect(t, c, get("/secret"), health.Down, "401")
}

func TestChecks_HTTPWithoutAnAnswer(t *testing.T) {
	c := verify.NewChecks(nil, nil)
	get := func(address string) verify.Request {
		return verify.Request{Kind: fsm.CheckHTTP, Value: "http://" + address, Timeout: soon}
	}
	ask := func(conn net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(conn)) }

	expect(t, c, get(refused(t)), health.Down, "connection refused")
	expect(t, c, get(listen(t, untilHangUp)), health.Down, "no answer within 200ms")
	expect(t, c, get(listen(t, func(conn net.Conn) { ask(conn) })), health.Down, "EOF")
	expect(t, c, get(listen(t, func(conn net.Conn) {
		ask(conn)
		_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
	})), health.Down, "malformed")
	expect(t, c, get(listen(t, func(conn net.Conn) { // headers that never end
		ask(conn)
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			time.Sleep(soon / 20)
			_, err = io.WriteString(conn, "X: y\r\n")
		}
	})), health.Down, "no answer within 200ms")
	noisy := get(listen(t, func(conn net.Conn) { // headers without measure
		ask(conn)
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for line := "X: " + strings.Repeat("y", 4000) + "\r\n"; err == nil; {
			_, err = io.WriteString(conn, line)
		}
	}))
	noisy.Timeout = ample
	expect(t, c, noisy, health.Down, "header")
}

// The status is the answer: whoever drips the body for ever is up.
func TestChecks_HTTPDoesNotWaitForTheBody(t *testing.T) {
	hungUp := make(chan struct{})
	address := listen(t, func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		for err == nil {
			time.Sleep(5 * time.Millisecond)
			_, err = io.WriteString(conn, "x")
		}
		close(hungUp)
	})
	begin := time.Now()
	expect(t, verify.NewChecks(nil, nil), verify.Request{Kind: fsm.CheckHTTP, Value: "http://" + address}, health.Up, "200")
	if took := time.Since(begin); took > ample/2 {
		t.Errorf("took %v", took)
	}
	select {
	case <-hungUp:
	case <-time.After(ample):
		t.Error("the connection was left open")
	}
}

func TestChecks_HTTPVerifiesCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about us, as it should
	server.StartTLS()
	t.Cleanup(server.Close)
	expect(t, verify.NewChecks(nil, nil), verify.Request{Kind: fsm.CheckHTTP, Value: server.URL}, health.Down, "certificate")
}

func TestChecks_HTTPBadURLIsUnknown(t *testing.T) {
	for value, part := range map[string]string{
		"":                        "begins with http",
		"localhost:80":            "begins with http",
		"ftp://localhost/":        "begins with http",
		"http://":                 "no host",
		"http://:80/":             "no host",
		"http://a b/":             "not a URL",
		"http://localhost:99999/": "the port",
		"http://localhost:x/":     "not a URL",
		"http://[::1/":            "not a URL",
		"https://h/%zz":           "not a URL",
	} {
		expect(t, verify.NewChecks(nil, nil), verify.Request{Kind: fsm.CheckHTTP, Value: value}, health.Unknown, part)
	}
	secret := verify.NewChecks(nil, nil).Check(t.Context(), verify.Request{Kind: fsm.CheckHTTP, Value: "http://me:word@a b/", Timeout: ample})
	if strings.Contains(secret.Reason, "word@") {
		t.Errorf("the reason tells the password: %s", secret.Reason)
	}
}

// withScripts returns Checks with a directory of the scripts given by name.
func withScripts(t *testing.T, scripts map[string]string) *verify.Checks {
	t.Helper()
	path := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(path, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(path, "plain"), []byte("#!/bin/sh\necho UP\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := script.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return verify.NewChecks(dir, nil)
}

func TestChecks_Stream(t *testing.T) {
	c := withScripts(t, map[string]string{
		"stream": `echo "$$" >&2
while read -r line; do
	id=${line#*:} id=${id%%,*}
	case $line in
	*silent*) ;;
	*odd*) echo "{\"id\":$id,\"status\":\"OK\"}" ;;
	*dies*) echo "no memory" >&2; exit 4 ;;
	*) echo "{\"id\":$id,\"status\":\"DOWN\",\"reason\":\"$TOCSIN_NODE $id\"}" ;;
	esac
done`,
	})
	defer c.Close()
	with := func(value string) verify.Request {
		return verify.Request{Kind: fsm.CheckStream, Script: "stream", Key: "k", Value: value, Node: "n1"}
	}
	expect(t, c, with("a"), health.Down, "n1 1")
	expect(t, c, with("a"), health.Down, "n1 2") // by the same process
	expect(t, c, with("odd"), health.Unknown, `its answer has the status "OK"`)
	silent := with("silent")
	silent.Timeout = 50 * time.Millisecond
	expect(t, c, silent, health.Unknown, "stream did not answer within 50ms")
	silent.TimeoutIs = health.Down
	expect(t, c, silent, health.Down, "stream did not answer within 50ms")
	expect(t, c, with("dies"), health.Unknown, "stream has exited with 4: no memory")
	expect(t, c, with("a"), health.Unknown, "started again in 1s")
	missing := with("a")
	missing.Script = "missing"
	expect(t, c, missing, health.Unknown, "missing")
	c.Close()
	expect(t, c, with("a"), health.Unknown, "stopping")
}

func TestChecks_Script(t *testing.T) {
	c := withScripts(t, map[string]string{
		"up":    "echo UP fine",
		"down":  "echo DOWN broken; exit 0",
		"one":   "echo UP; exit 1",
		"mute":  "echo complaint >&2; exit 4",
		"odd":   "echo OK",
		"hang":  "echo UP; echo waiting >&2; sleep 60",
		"kill":  "echo UP; kill -9 $$",
		"args":  `[ "$#" = 2 ] && [ "$1" = "$TOCSIN_KEY" ] && [ "$2" = "$TOCSIN_VALUE" ] && echo "UP $1,$2"`,
		"env":   `echo "UP $TOCSIN_NODE $TOCSIN_SITE $TOCSIN_TIMEOUT_SECONDS $TOCSIN_STATE [$SECRET]"`,
		"stdin": `if read x; then echo DOWN; else echo UP; fi`,
		"loud":  `head -c 1000000 /dev/zero | tr '\0' x; echo UP`,
	})
	t.Setenv("SECRET", "no business of scripts")
	with := func(name string) verify.Request { return verify.Request{Kind: fsm.CheckScript, Script: name, Key: "k"} }

	expect(t, c, with("up"), health.Up, "fine")
	expect(t, c, with("down"), health.Down, "broken")
	expect(t, c, with("one"), health.Up, "")
	expect(t, c, with("mute"), health.Unknown, "mute printed nothing and exited with 4: complaint")
	expect(t, c, with("odd"), health.Unknown, `"OK" and not UP or DOWN`)
	expect(t, c, with("kill"), health.Unknown, "signal killed")
	expect(t, c, with("stdin"), health.Up, "")
	expect(t, c, with("loud"), health.Unknown, "and not UP or DOWN")
	expect(t, c, with("missing"), health.Unknown, "missing")
	expect(t, c, with("plain"), health.Unknown, "not executable")
	expect(t, c, with("../up"), health.Unknown, "path")
	expect(t, verify.NewChecks(nil, nil), with("up"), health.Unknown, "no scripts directory")

	r := with("args")
	r.Key, r.Value = "a key with $(blanks); and more", `* "quotes" 'all' of > them`
	expect(t, c, r, health.Up, r.Key+","+r.Value)

	r = with("env")
	r.Node, r.Site, r.Timeout, r.State = "n1", "south", 2500*time.Millisecond, health.Down
	expect(t, c, r, health.Up, "n1 south 2.5 DOWN []")

	for _, timeoutIs := range []health.Status{health.Unknown, health.Down} {
		r = with("hang")
		r.Timeout, r.TimeoutIs = soon, timeoutIs
		expect(t, c, r, timeoutIs, "hang did not end within 200ms")
	}
}

func TestChecks_Nagios(t *testing.T) {
	c := withScripts(t, map[string]string{
		"exit": `echo "said $#: $*|load=1"; echo more; exit $1`,
		"each": `for a; do printf '<%s>' "$a"; done; echo`,
	})
	for value, want := range map[string]health.Status{
		"0": health.Up, "1": health.Up, "2": health.Down, "3": health.Unknown, "4": health.Unknown, "200": health.Unknown,
	} {
		r := verify.Request{Kind: fsm.CheckNagios, Script: "exit", Value: value}
		expect(t, c, r, want, "said 1: "+value)
		if s := c.Check(t.Context(), r); strings.ContainsAny(s.Reason, "|") {
			t.Errorf("the reason has performance data: %s", s.Reason)
		}
	}
	r := verify.Request{Kind: fsm.CheckNagios, Script: "each", Value: `-H 10.0.0.1 -s "two words" $HOME *`}
	expect(t, c, r, health.Up, "<-H><10.0.0.1><-s><two words><$HOME><*>")
	r.Value = `"open`
	expect(t, c, r, health.Unknown, "not closed")
}

func TestChecks_KindThereIsNot(t *testing.T) {
	expect(t, verify.NewChecks(nil, nil), verify.Request{Kind: "icmp"}, health.Unknown, `"icmp"`)
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func BenchmarkCheckTCP(b *testing.B) {
	address := listen(b, untilHangUp)
	c := verify.NewChecks(nil, nil)
	bench(b, c, verify.Request{Kind: fsm.CheckTCP, Value: address, Timeout: ample})
}

func BenchmarkCheckHTTP(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(server.Close)
	bench(b, verify.NewChecks(nil, nil), verify.Request{Kind: fsm.CheckHTTP, Value: server.URL, Timeout: ample})
}

func bench(b *testing.B, c verify.Checker, r verify.Request) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if s := c.Check(b.Context(), r); s.Status != health.Up {
			b.Fatal(s.Reason)
		}
	}
}

package scripts_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/scripts/servicetest"
)

// greeter is a server that says who it is to whoever connects.
func greeter(t *testing.T, name string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintln(c, name)
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	return l.Addr().String()
}

// greeted returns who answers at address, or why nobody does; the connection
// stays open.
func greeted(t *testing.T, address string) (string, net.Conn) {
	t.Helper()
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return err.Error(), nil
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), c
}

func wantGreeting(t *testing.T, address, name string) net.Conn {
	t.Helper()
	got, c := greeted(t, address)
	if got != name {
		t.Errorf("at the proxy answers %q, want %q", got, name)
	}
	return c
}

func TestNotifyHAProxy_Server(t *testing.T) {
	dir, front := servicetest.Dir(t), servicetest.FreeAddress(t)
	proxy := servicetest.StartHAProxy(t, dir, `
listen orders
	bind `+front+`
	server primary `+greeter(t, "primary")+`
	server standby `+greeter(t, "standby")+` backup
`)
	n := notifying(t, "notify-haproxy.sh", "haproxy.socket = "+proxy.Socket+"\nhaproxy.server = orders/primary\nhaproxy.state = "+dir+"/state\n")
	old := wantGreeting(t, front, "primary")
	n.wantAs(t, "follower", "DOWN", 5, 0, "set server orders/primary state maint")
	wantGreeting(t, front, "standby")
	if _, err := io.ReadAll(old); err != nil {
		t.Errorf("a connection to the primary is still open: %v", err)
	}
	proxy.Restart(t)
	wantGreeting(t, front, "standby") // it is kept
	n.want(t, "DOWN", 5, 0)           // twice is as good as once
	n.want(t, "UP", 4, 0, "refused: event 4")
	wantGreeting(t, front, "standby")
	n.want(t, "UP", 6, 0, "state ready")
	wantGreeting(t, front, "primary")
	proxy.Restart(t)
	wantGreeting(t, front, "primary")

	notifying(t, "notify-haproxy.sh", "haproxy.socket = "+proxy.Socket+"\nhaproxy.server = orders/other\n").
		want(t, "DOWN", 7, 1, "No such server")
	n.with(only(t, "sh", "awk", "od", "tr", "sed", "mkdir", "mv", "cat")).want(t, "DOWN", 7, 1, "install socat")
	proxy.Kill()
	n.want(t, "DOWN", 8, 1, proxy.Socket)
}

func TestNotifyHAProxy_Map(t *testing.T) {
	dir, front := servicetest.Dir(t), servicetest.FreeAddress(t)
	file := filepath.Join(dir, "primary.map")
	if err := os.WriteFile(file, []byte("# who is the primary\nother x\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	proxy := servicetest.StartHAProxy(t, dir, `
frontend orders
	bind `+front+`
	use_backend %[str(orders),map(`+file+`,site-a)]
backend site-a
	server a `+greeter(t, "a")+`
backend site-b
	server b `+greeter(t, "b")+`
`)
	n := notifying(t, "notify-haproxy.sh", "haproxy.socket = "+proxy.Socket+"\nhaproxy.map = "+file+"\nhaproxy.up = site-a\nhaproxy.down = site-b\nhaproxy.check = "+
		servicetest.Need(t, "haproxy", "haproxy")+" -c -f "+dir+"/haproxy.cfg\n")
	wantGreeting(t, front, "a")
	n.want(t, "DOWN", 5, 0, "add map")
	wantGreeting(t, front, "b")
	n.want(t, "DOWN", 5, 0, "set map")
	proxy.Restart(t)
	wantGreeting(t, front, "b")
	n.want(t, "UP", 6, 0, "set map")
	wantGreeting(t, front, "a")
	wantFile(t, file, "# who is the primary\nother x\norders site-a\n", 0o640)

	// What HAProxy's own check refuses is not left there, and HAProxy is not told.
	settings := "haproxy.socket = " + proxy.Socket + "\nhaproxy.map = " + file + "\nhaproxy.up = site-a\nhaproxy.down = site-b\n"
	notifying(t, "notify-haproxy.sh", settings+"haproxy.check = grep -q 'orders site-a' "+file+"\n").want(t, "DOWN", 7, 1, "check exited with 1", "is as it was")
	wantFile(t, file, "# who is the primary\nother x\norders site-a\n", 0o640)
	wantGreeting(t, front, "a")
	notifying(t, "notify-haproxy.sh", settings+"haproxy.entry = or ders\n").want(t, "DOWN", 7, 2, "a blank")

	// HAProxy is away, as in a reload: what starts next reads the new file.
	proxy.Kill()
	n.want(t, "DOWN", 7, 1)
	proxy.Restart(t)
	wantGreeting(t, front, "b")
	n.want(t, "DOWN", 7, 0)
}

func wantFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	info, err2 := os.Stat(path)
	if err != nil || err2 != nil || string(got) != text || info.Mode() != mode {
		t.Errorf("%s holds %q, %v, %v, want %q with mode %v", path, got, info, err, text, mode)
	}
}

func TestNotifyNginx(t *testing.T) {
	server := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	dir, front, primary, standby := servicetest.Dir(t), servicetest.FreeAddress(t), server("primary"), server("standby")
	include := filepath.Join(dir, "orders.servers")
	if err := os.WriteFile(include, []byte("server "+primary+";\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	config := "upstream orders { include " + include + "; }\nserver { listen " + front + "; location / { proxy_pass http://orders; } }\n"
	proxy := servicetest.StartNginx(t, dir, front, config)
	n := notifying(t, "notify-nginx.sh", "nginx.include = "+include+"\nnginx.down = "+standby+";weight=2 "+standby+"\nnginx.command = "+proxy.Command+"\n")
	n.value = primary + " body=x"
	answers := func(name string) {
		t.Helper()
		proxy.Await(t, func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+front, nil)
			if err != nil {
				return err
			}
			r.Close = true // each time a connection of its own: an old worker keeps the old ones
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err == nil && string(body) != name {
				err = fmt.Errorf("%s answers, want %s", body, name)
			}
			return err
		})
	}
	answers("primary")
	n.wantAs(t, "follower", "DOWN", 5, 0, standby)
	answers("standby")
	wantFile(t, include, "# orders is DOWN: written by notify-nginx.sh\nserver "+standby+" weight=2;\nserver "+standby+";\n", 0o640)
	n.want(t, "UP", 4, 0, "refused")
	n.want(t, "UP", 6, 0, primary)
	answers("primary")

	// What nginx refuses is not left there.
	bad := notifying(t, "notify-nginx.sh", "nginx.include = "+include+"\nnginx.down = nonsense{\nnginx.command = "+proxy.Command+"\n")
	bad.want(t, "DOWN", 7, 1, include+" is as it was", "not terminated")
	wantFile(t, include, "# orders is UP: written by notify-nginx.sh\nserver "+primary+";\n", 0o640)
	answers("primary")
	proxy.Kill()
	n.want(t, "DOWN", 8, 1, "can't be reloaded")
	notifying(t, "notify-nginx.sh", "").want(t, "DOWN", 1, 2, "nginx.include is not set for orders")
}

func TestNotifyEnvFile(t *testing.T) {
	dir := t.TempDir()
	file, log := filepath.Join(dir, "db.env"), filepath.Join(dir, "log")
	if err := os.WriteFile(file, []byte("# ours\nDB=old one\nDBX=1\nDB=twice\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	// There is no systemd in a test: what stands for systemctl writes down how it is called.
	command := filepath.Join(dir, "systemctl")
	if err := os.WriteFile(command, []byte("#!/bin/sh\necho \"$@\" >>"+log+"\n[ ! -e "+dir+"/broken ]\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	n := notifying(t, "notify-env-file.sh", "env-file.file = "+file+"\nenv-file.name = DB\nenv-file.down = b & $(id) \\1\nenv-file.units = app.service worker.service\n")
	n.wantAs(t, "follower", "DOWN", 5, 0, "was written and reloaded")
	wantFile(t, file, "# ours\nDB=b & $(id) \\1\nDBX=1\n", 0o640)
	n.want(t, "DOWN", 5, 0) // nothing to do
	n.want(t, "UP", 6, 0)
	wantFile(t, file, "# ours\nDB=10.0.0.1:6379\nDBX=1\n", 0o640)
	if got := logged(t, log); len(got) != 2 || got[0] != "try-reload-or-restart app.service worker.service" {
		t.Errorf("systemctl was called with %q, want twice", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n.want(t, "DOWN", 7, 1, "reload exited with 1", file+" is as it was")
	wantFile(t, file, "# ours\nDB=10.0.0.1:6379\nDBX=1\n", 0o640)
	if err := os.Remove(filepath.Join(dir, "broken")); err != nil {
		t.Fatal(err)
	}
	n.want(t, "DOWN", 7, 0)
	wantFile(t, file, "# ours\nDB=b & $(id) \\1\nDBX=1\n", 0o640)
	if got := logged(t, log); len(got) != 5 { // the one that failed twice, with the new file and the old
		t.Errorf("systemctl was called with %q, want five times", got)
	}
}

func TestNotifyChain(t *testing.T) {
	dir := t.TempDir()
	env := func(name string) string { return filepath.Join(dir, name) }
	n := notifying(t, "notify-chain.sh", "chain.run = notify-env-file.sh notify-nginx.sh notify.sh\n"+
		"env-file.file = "+env("a")+"\nenv-file.name = A\nenv-file.down = b\nnginx.command = false\nnginx.include = "+env("b")+"\nnginx.down = x\n")
	n.want(t, "DOWN", 5, 1, "notify-nginx.sh exited with 1; what comes behind it was not run")
	wantFile(t, env("a"), "A=b\n", 0o644)
	if _, err := os.Stat(filepath.Join(n.dir, "notify-node1.log")); err == nil {
		t.Error("the third was run after the second had failed")
	}
	good := notifying(t, "notify-chain.sh", "chain.run = notify-env-file.sh notify.sh\nenv-file.file = "+env("a")+"\nenv-file.name = A\nenv-file.down = c\n")
	good.want(t, "DOWN", 5, 0, "was written", "as the leader")
	good.want(t, "UP", 4, 0, "refused: event 4")
	wantFile(t, env("a"), "A=c\n", 0o644)
	for chain, words := range map[string]string{
		"": "chain.run is not set", "/bin/true": "name other scripts", "notify-chain.sh": "name other scripts",
		"../verify.sh": "name other scripts",
	} {
		notifying(t, "notify-chain.sh", "chain.run = "+chain+"\n").want(t, "DOWN", 1, 2, words)
	}
	notifying(t, "notify-chain.sh", "chain.run = notify-none.sh\n").want(t, "DOWN", 1, 1, "does not exist")
}

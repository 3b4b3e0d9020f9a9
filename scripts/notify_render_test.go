package scripts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tocsin/cli"
	"tocsin/script"
	"tocsin/scripts/servicetest"
)

// TestMain lets this test be the program: by its name, as a link beside a test.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "tocsin" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// tocsin returns the variable that names the program.
func tocsin(t *testing.T) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "tocsin")
	if err := os.Symlink(os.Args[0], link); err != nil {
		t.Fatal(err)
	}
	return "SCRIPT_TOCSIN=" + link
}

func TestNotifyRender(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"db.tmpl":  `DB={{ if eq .status "UP" }}{{ .value | host }}{{ else }}{{ env "SCRIPT_STANDBY" }}{{ end }}` + "\n",
		"settings": "[*]\nrender.template = " + dir + "/db.tmpl\n[db]\nrender.output = " + dir + "/db env\nrender.reload = cp '" + dir + "/db env' " + dir + "/seen\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notified := func(key, event, status string, more ...string) script.Result {
		env := append([]string{
			tocsin(t), "SCRIPT_SETTINGS=" + filepath.Join(dir, "settings"), "SCRIPT_STANDBY=standby.example",
			"TOCSIN_EVENT_ID=" + event, "TOCSIN_KEY=" + key, "TOCSIN_VALUE=10.0.0.1:6379", "TOCSIN_STATUS=" + status,
		}, more...)
		return run(t, "notify-render.sh", env, "follower", key, "10.0.0.1:6379", status)
	}
	for _, step := range []struct {
		event, status, says, seen string
	}{
		{"7", "DOWN", "was written and reloaded", "DB=standby.example"},
		{"7", "DOWN", "has not changed", "DB=standby.example"},
		{"8", "UP", "was written and reloaded", "DB=10.0.0.1"},
		{"7", "DOWN", "was left alone: event 7 is older than 8", "DB=10.0.0.1"},
	} {
		r := notified("db", step.event, step.status)
		if seen := strings.Join(logged(t, filepath.Join(dir, "seen")), " "); r.ExitCode != 0 || !strings.Contains(r.Stdout, step.says) || seen != step.seen {
			t.Errorf("event %s: %+v, and the service has read %q, want %q", step.event, r, seen, step.seen)
		}
	}
	if r := notified("db", "9", "DOWN", "SCRIPT_DRY_RUN=1"); r.ExitCode != 0 || !strings.Contains(r.Stdout, "+DB=standby.example") {
		t.Errorf("dry: %+v", r)
	}
	if r := notified("web", "9", "DOWN"); r.ExitCode != 2 || !strings.Contains(r.Stderr, "render.output is not set for web") {
		t.Errorf("without settings: %+v", r)
	}
}

// The template of the page, and a real HAProxy.
func TestNotifyRender_HAProxy(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(pages, "notification.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "A **backend of HAProxy**")
	_, rest, _ = strings.Cut(rest, "```\n")
	template, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("the page has no template for HAProxy")
	}
	dir, front := servicetest.Dir(t), servicetest.FreeAddress(t)
	file, main, socket := filepath.Join(dir, "conf.d", "web.cfg"), filepath.Join(dir, "haproxy.cfg"), filepath.Join(dir, "master")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	servicetest.Write(t, filepath.Join(dir, "web.tmpl"), template)
	servicetest.Write(t, file, "backend web\n")
	servicetest.Write(t, main, "defaults\n\tmode tcp\n\ttimeout connect 1s\n\ttimeout client 1m\n\ttimeout server 1m\nfrontend web-front\n\tbind "+front+"\n\tdefault_backend web\n")
	proxy := servicetest.StartHAProxyMaster(t, dir, front, socket, main, filepath.Dir(file))

	addresses := map[string]string{"web/a": greeter(t, "a"), "web/b": greeter(t, "b"), "db": "10.0.0.1:6379"}
	var told atomic.Pointer[map[string]string] // the states that the node tells
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var all []map[string]string
		states := *told.Load()
		for _, key := range slices.Sorted(maps.Keys(states)) {
			all = append(all, map[string]string{"key": key, "value": addresses[key], "state": states[key]})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"cluster": map[string]any{"node": "node1", "index": 1000}, "endpoints": all})
	}))
	t.Cleanup(node.Close)
	n := notifying(t, "notify-render.sh", "render.all = yes\nrender.template = "+dir+"/web.tmpl\nrender.output = "+file+
		"\nrender.check = "+servicetest.Need(t, "haproxy", "haproxy")+" -c -f "+main+" -f {}\nrender.reload = sh -c 'echo reload | "+servicetest.Need(t, "socat", "socat")+" - UNIX-CONNECT:"+socket+"'\n").
		with("SCRIPT_ADDRESS=" + strings.TrimPrefix(node.URL, "http://"))
	for i, step := range []struct{ a, b, file, greets string }{
		{"UP", "UP", "backend web\n    server web_a " + addresses["web/a"] + "\n    server web_b " + addresses["web/b"] + "\n\n", "a"},
		{"DOWN", "UP", "backend web\n    server web_b " + addresses["web/b"] + "\n\n", "b"},
		{"DOWN", "DOWN", "backend web\n\n", ""},
		{"UP", "DOWN", "backend web\n    server web_a " + addresses["web/a"] + "\n\n", "a"},
	} {
		told.Store(&map[string]string{"web/a": step.a, "web/b": step.b, "db": "UP"})
		n.want(t, "DOWN", i+1, 0, "was written and reloaded")
		wantFile(t, file, step.file, 0o644)
		proxy.Await(t, func(context.Context) error {
			if got, _ := greeted(t, front); got != step.greets {
				return fmt.Errorf("at the proxy answers %q, want %q", got, step.greets)
			}
			c, err := net.Dial("unix", socket) // the master takes another reload
			if err == nil {
				err = c.Close()
			}
			return err
		})
	}
	// What HAProxy refuses never comes to lie there.
	servicetest.Write(t, filepath.Join(dir, "web.tmpl"), "backend web\n    sever x\n")
	if r := n.tell(t, "leader", "UP", 9); r.ExitCode != 1 || !strings.Contains(r.Stderr, "unknown keyword 'sever'") || !strings.Contains(r.Stderr, "is as it was") {
		t.Errorf("a backend that HAProxy refuses: %+v", r)
	}
	wantFile(t, file, "backend web\n    server web_a "+addresses["web/a"]+"\n\n", 0o644)
}

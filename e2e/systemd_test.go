//go:build unix

package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServiceManager is what systemd would hear of a node of Type=notify.
func TestServiceManager(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	next := func() string {
		t.Helper()
		if err := manager.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 4096)
		n, err := manager.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
	hear := func(want string) {
		t.Helper()
		if got := next(); !strings.HasPrefix(got, want) {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}

	c := newCluster(t)
	env := append(c.env(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=200000")
	p := launch(t, t, root, env, append([]string{"1"}, quick...)...)
	hear("READY=1\nSTATUS=node node1 answers on ")
	for range 3 {
		hear("WATCHDOG=1")
	}
	c.awaitReady(t, 1)
	p.signal(t, syscall.SIGTERM)
	for got := next(); !strings.HasPrefix(got, "STOPPING=1"); got = next() {
		if got != "WATCHDOG=1" {
			t.Fatalf("heard %q", got)
		}
	}
	p.awaitGoodEnd(t)
}

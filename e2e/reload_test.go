//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReload changes the configuration file of a node that runs.
func TestReload(t *testing.T) {
	c := newCluster(t)
	file := filepath.Join(t.TempDir(), "tocsin.yaml")
	say := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	say("log_level: info\nmax_checks: 4\n")
	p := c.start(t, 1, "--config", file)
	c.awaitReady(t, 1)

	canary := silentAddress(t)
	say("log_level: debug\nmax_checks: 5\nsite: paris\ncanary: " + canary + "\n")
	p.signal(t, syscall.SIGHUP)
	eventually(t, 20*time.Second, p.printed(t, "max_checks changed from 4 to 5; log_level changed from info to debug"))
	eventually(t, 20*time.Second, p.printed(t, "site changed from "))
	eventually(t, 30*time.Second, c.abstains(1, true))

	say("canary: []\nmax_cheks: 7\n")
	p.signal(t, syscall.SIGHUP)
	eventually(t, 20*time.Second, p.printed(t, "tocsin.yaml:2:1: there is no \\\"max_cheks\\\": did you mean max_checks?"))
	if err := c.abstains(1, true)(t.Context()); err != nil {
		t.Errorf("a file that was refused has changed something: %v", err)
	}

	say("canary: []\n")
	p.signal(t, syscall.SIGHUP)
	eventually(t, 30*time.Second, c.abstains(1, false))
	stop(t, p)
}

// silentAddress is one where nobody listens.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// abstains returns a condition of eventually: node n abstains for want of a
// canary, or does not abstain.
func (c *cluster) abstains(n int, want bool) func(context.Context) error {
	return func(ctx context.Context) error {
		_, body, err := fetch(ctx, c.http(n), "/readyz")
		if err == nil && strings.Contains(body, "canary does not answer") != want {
			err = fmt.Errorf("node%d says %s", n, body)
		}
		return err
	}
}

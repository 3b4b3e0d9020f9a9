//go:build linux

package ansible_test

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tocsin/hosttest/booted"
)

// machine is a host with a systemd of its own, at a site.
type machine struct {
	*booted.Machine
	name, site string
	at         netip.Addr // where it is reached
}

func (m *machine) address() netip.Addr { return m.at }

// need skips the test where there can be no rollout, and says why.
func need(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"ansible-playbook=ansible", "ssh-keygen=openssh-client", "curl=curl"} {
		command, from, _ := strings.Cut(tool, "=")
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("%v: install %s", err, from)
		}
	}
	booted.Need(t)
}

// admit lets whoever has the key in.
func (m *machine) admit(t *testing.T, key string) {
	t.Helper()
	if err := os.MkdirAll(m.File("/root/.ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.Write(t, "/root/.ssh/authorized_keys", key, 0o600)
}

// run runs a command of this machine, and returns what it prints.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return string(said)
}

// eventually waits until look finds no fault any more.
func eventually(t *testing.T, limit time.Duration, look func() error) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; {
		err := look()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", limit, err)
		}
		time.Sleep(100 * time.Millisecond) // between two looks
	}
}

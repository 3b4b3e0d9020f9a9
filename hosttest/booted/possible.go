//go:build linux

package booted

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tocsin/hosttest/lan"
)

// Need skips a test where there can be no machines, and says why: tools are
// missing, or one without anything of ours does not boot, as in many containers.
func Need(t testing.TB) {
	t.Helper()
	if err := possible(); err != nil {
		t.Skip(err)
	}
	needImage(t)
	if err := tryOne(t.TempDir()); err != nil {
		t.Skipf("no machine boots here: %v", err)
	}
}

// possible says what is missing for machines, nil if nothing is.
func possible() error {
	if err := lan.Possible(); err != nil {
		return err
	}
	for _, tool := range []string{"systemd-nspawn=systemd-container", "debootstrap=debootstrap", "nsenter=util-linux", "unshare=util-linux"} {
		command, from, _ := strings.Cut(tool, "=")
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("%w: install %s", err, from)
		}
	}
	return nil
}

// tryOne boots a machine, and returns what keeps it from that.
func tryOne(dir string) error {
	net := lan.New()
	defer net.Close()
	host, err := net.Add("bare", 1)
	if err != nil {
		return err
	}
	m, err := assemble(host, dir)
	if err != nil {
		return err
	}
	if err := m.on(); err != nil {
		return err
	}
	defer m.Off()
	late := time.After(2 * time.Minute)
	for {
		err := m.Up()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond): // between two looks
			continue
		case <-m.ended:
			err = errors.New("it has ended by itself")
		case <-late:
		}
		said, _ := os.ReadFile(m.console())
		return fmt.Errorf("%w\n%s", err, said[max(0, len(said)-2000):])
	}
}

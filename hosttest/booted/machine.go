//go:build linux

package booted

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/hosttest/lan"
)

// inImage is what a machine has to have for Ansible, and for the agent.
const inImage = "systemd,systemd-sysv,dbus,openssh-server,python3,iproute2,procps,ca-certificates,nftables"

// image is a root file system that all machines share, and that none of them
// writes to. Making it takes some minutes, so it is kept.
func image() string {
	return fmt.Sprintf("/var/cache/tocsin-test/%x", sha256.Sum256([]byte(inImage)))[:40]
}

// Machine is a host with a systemd of its own. Its methods are for one goroutine.
type Machine struct {
	*lan.Host
	// Root is what the host calls the folder with the files of the machine.
	Root  string
	init  *exec.Cmd
	ended chan struct{} // closed when init has ended
}

// Possible says what is missing for machines, nil if nothing is.
func Possible() error {
	if err := lan.Possible(); err != nil {
		return err
	}
	for _, tool := range []string{"systemd-nspawn=systemd-container", "debootstrap=debootstrap", "nsenter=util-linux"} {
		command, from, _ := strings.Cut(tool, "=")
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("%w: install %s", err, from)
		}
	}
	return nil
}

// New makes a machine of a host. It is not on yet: files may be written first.
// It is taken away with the test.
func New(t testing.TB, host *lan.Host) *Machine {
	t.Helper()
	needImage(t)
	dir := t.TempDir()
	m := &Machine{Host: host, Root: filepath.Join(dir, "root")}
	for _, sub := range []string{"root", "up", "work"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s/up,workdir=%s/work", image(), dir, dir)
	// The host has mounts of its own, which end with it.
	if err := host.Do(func() error { return syscall.Mount("overlay", m.Root, "overlay", 0, layers) }); err != nil {
		t.Fatalf("mount the root of %s: %v", host.Name, err)
	}
	// Where it is there, journald keeps what is said.
	if err := os.MkdirAll(m.File("/var/log/journal"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.Write(t, "/etc/hostname", host.Name+"\n", 0o644)
	m.Write(t, "/etc/machine-id", "", 0o644)
	return m
}

// needImage makes the image if it is not there; where it can't be made there is
// nothing to test.
func needImage(t testing.TB) {
	t.Helper()
	target := image()
	if _, err := os.Stat(target); err == nil {
		return
	}
	t.Logf("making %s: this takes some minutes, once", target)
	made := fmt.Sprintf("%s.%d", target, os.Getpid())
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("debootstrap", "--variant=minbase", "--include="+inImage, "bookworm", made).CombinedOutput()
	if err != nil {
		_ = os.RemoveAll(made) // it is of no use
		t.Skipf("debootstrap can't make an image, for which it needs a mirror of Debian: %v\n%s", err, said)
	}
	if err := os.Rename(made, target); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
}

// File returns how this process names a file of the machine.
func (m *Machine) File(path string) string { return m.Path(m.Root + path) }

// Write writes a file of the machine.
func (m *Machine) Write(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(m.File(path), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// Start switches the machine on, and does not wait until it is up.
func (m *Machine) Start(t testing.TB) {
	t.Helper()
	// In a namespace of its own for processes, all of it ends with the first one:
	// what nspawn has started would else outlive it.
	m.init = exec.Command("unshare", "--pid", "--fork", "--kill-child", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=passive",
		"--kill-signal=SIGRTMIN+4", "--capability=CAP_NET_ADMIN", "--network-namespace-path="+m.Network(), "--machine="+m.Name, "-D", m.Root, "--boot")
	log, err := os.Create(filepath.Join(filepath.Dir(m.Root), "console"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the child has its own
	m.init.Stdout, m.init.Stderr = log, log
	// Its thread lives as long as the host, so what it starts ends with that.
	if err := m.Host.Start(m.init); err != nil {
		t.Fatalf("start %s: %v", m.Name, err)
	}
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		_ = m.init.Wait() // that it has ended is what counts
	}()
	t.Cleanup(func() {
		m.Off()
		if !t.Failed() {
			return
		}
		said, err := exec.Command("journalctl", "--directory", m.File("/var/log/journal"), "--unit", "tocsin", "--lines", "60", "--output", "cat", "--quiet").CombinedOutput()
		t.Logf("the journal of %s (%v):\n%s", m.Name, err, said)
	})
}

// Off is the power that fails: nobody on the machine is asked.
func (m *Machine) Off() {
	_ = m.init.Process.Kill()
	<-m.ended
}

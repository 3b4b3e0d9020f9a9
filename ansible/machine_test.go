//go:build linux

package ansible_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/hosttest/lan"
)

// inImage is what a machine has to have for Ansible, and for the agent.
const inImage = "systemd,systemd-sysv,dbus,openssh-server,python3,iproute2,procps,ca-certificates,nftables"

// image is a root file system that all machines share, and that none of them
// writes to. Making it takes some minutes and a mirror of Debian, so it is kept.
func image() string {
	return fmt.Sprintf("/var/cache/tocsin-test/%x", sha256.Sum256([]byte(inImage)))[:40]
}

// machine is a host with a systemd of its own.
type machine struct {
	name, site string
	lan        *lan.Host
	root       string // where the host has its files
	init       *exec.Cmd
	ended      chan struct{} // closed when init has ended
}

func (m *machine) address() netip.Addr { return m.lan.Address }

// possible says what is missing for machines, nil if nothing is.
func possible() error {
	if err := lan.Possible(); err != nil {
		return err
	}
	for _, tool := range []string{"systemd-nspawn=systemd-container", "ansible-playbook=ansible", "ssh-keygen=openssh-client", "debootstrap=debootstrap", "curl=curl"} {
		command, from, _ := strings.Cut(tool, "=")
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("%w: install %s", err, from)
		}
	}
	return nil
}

// needImage makes the image if it is not there; where it can't be made there is
// nothing to test.
func needImage(t *testing.T) {
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

// boot starts the machine, without waiting until it is up. It ends with the test.
func (m *machine) boot(t *testing.T, key string) {
	t.Helper()
	dir := t.TempDir()
	m.root = filepath.Join(dir, "root")
	for _, sub := range []string{"root", "up", "work"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s/up,workdir=%s/work", image(), dir, dir)
	// The host has mounts of its own, which end with it.
	if err := m.lan.Do(func() error { return syscall.Mount("overlay", m.root, "overlay", 0, layers) }); err != nil {
		t.Fatalf("mount the root of %s: %v", m.name, err)
	}
	m.write(t, "/etc/hostname", m.name+"\n", 0o644)
	m.write(t, "/etc/machine-id", "", 0o644)
	if err := os.MkdirAll(m.file("/root/.ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.write(t, "/root/.ssh/authorized_keys", key, 0o600)
	m.start(t)
}

// file returns how this process names a file of the machine.
func (m *machine) file(path string) string { return m.lan.Path(m.root + path) }

func (m *machine) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(m.file(path), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// start switches the machine on.
func (m *machine) start(t *testing.T) {
	t.Helper()
	// In a namespace of its own for processes, all of it ends with the first one:
	// what nspawn has started would else outlive it.
	m.init = exec.Command("unshare", "--pid", "--fork", "--kill-child", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=passive",
		"--kill-signal=SIGRTMIN+4", "--network-namespace-path="+m.lan.Network(), "--machine="+m.name, "-D", m.root, "--boot")
	log, err := os.Create(filepath.Join(filepath.Dir(m.root), "console"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the child has its own
	m.init.Stdout, m.init.Stderr = log, log
	// Its thread lives as long as the host, so what it starts ends with that.
	if err := m.lan.Start(m.init); err != nil {
		t.Fatalf("start %s: %v", m.name, err)
	}
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		_ = m.init.Wait() // that it has ended is what counts
	}()
	t.Cleanup(func() {
		m.off()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the console of %s:\n%s", m.name, text)
		}
	})
}

// off is the power that fails: nobody on the machine is asked.
func (m *machine) off() {
	_ = m.init.Process.Kill()
	<-m.ended
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

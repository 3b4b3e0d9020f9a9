//go:build linux

package booted

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"tocsin/hosttest/lan"
)

// Machine is a host with a systemd of its own. Its methods are for one goroutine.
type Machine struct {
	*lan.Host
	// Root is what the host calls the folder with the files of the machine.
	Root   string
	groups groups
	init   *exec.Cmd
	ended  chan struct{} // closed when init has ended
}

// disk is the most that a machine can write, in bytes. It writes to memory: that
// is fast, and the disk of this process may be of a kind that no layer can be put on.
const disk = 2 << 30

// New makes a machine of a host. It is not on yet: files may be written first.
// It is taken away with the test.
func New(t testing.TB, host *lan.Host) *Machine {
	t.Helper()
	needImage(t)
	m, err := assemble(host, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// assemble makes a machine whose files are in a folder, which the host alone sees:
// it has mounts of its own, which end with it.
func assemble(host *lan.Host, dir string) (*Machine, error) {
	m := &Machine{Host: host, Root: filepath.Join(dir, "root")}
	written := filepath.Join(dir, "written")
	up, work := filepath.Join(written, "up"), filepath.Join(written, "work")
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", image(), up, work)
	for _, do := range []func() error{
		func() error { return os.Mkdir(m.Root, 0o755) },
		func() error { return os.Mkdir(written, 0o755) },
		func() error { return host.SmallDisk(written, disk) },
		func() error { return os.Mkdir(host.Path(up), 0o755) },
		func() error { return os.Mkdir(host.Path(work), 0o755) },
		func() error {
			return host.Do(func() error { return syscall.Mount("overlay", m.Root, "overlay", 0, layers) })
		},
		// Where it is there, journald keeps what is said.
		func() error { return os.MkdirAll(m.File("/var/log/journal"), 0o755) },
		func() error { return m.write("/etc/hostname", host.Name+"\n", 0o644) },
		func() error { return m.write("/etc/machine-id", "", 0o644) },
	} {
		if err := do(); err != nil {
			return nil, fmt.Errorf("make the root of %s: %w", host.Name, err)
		}
	}
	return m, nil
}

// File returns how this process names a file of the machine.
func (m *Machine) File(path string) string { return m.Path(m.Root + path) }

// Write writes a file of the machine.
func (m *Machine) Write(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := m.write(path, text, mode); err != nil {
		t.Fatal(err)
	}
}

func (m *Machine) write(path, text string, mode os.FileMode) error {
	return os.WriteFile(m.File(path), []byte(text), mode)
}

// Start switches the machine on, and does not wait until it is up.
func (m *Machine) Start(t testing.TB) {
	t.Helper()
	if err := m.on(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Off()
		if !t.Failed() {
			return
		}
		said, err := exec.Command("journalctl", "--directory", m.File("/var/log/journal"), "--unit", "tocsin", "--lines", "60", "--output", "cat", "--quiet").CombinedOutput()
		t.Logf("the journal of %s (%v):\n%s", m.Name, err, said)
	})
}

// console is the file with what the machine says while it boots.
func (m *Machine) console() string { return filepath.Join(filepath.Dir(m.Root), "console") }

func (m *Machine) on() (err error) {
	if m.groups, err = newGroups(m.Name); err != nil {
		return err
	}
	// In a namespace of its own for processes, all of it ends with the first one:
	// what nspawn has started would else outlive it.
	m.init = m.groups.command("unshare", "--pid", "--fork", "--kill-child", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=passive",
		"--kill-signal=SIGRTMIN+4", "--capability=CAP_NET_ADMIN", "--network-namespace-path="+m.Network(), "--machine="+m.Name, "-D", m.Root, "--boot")
	log, err := os.Create(m.console())
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	m.init.Stdout, m.init.Stderr = log, log
	// Its thread lives as long as the host, so what it starts ends with that.
	if err := m.Host.Start(m.init); err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		_ = m.init.Wait() // that it has ended is what counts
	}()
	return nil
}

// Off is the power that fails: nobody on the machine is asked.
func (m *Machine) Off() {
	_ = m.init.Process.Kill()
	<-m.ended
	m.groups.remove()
}

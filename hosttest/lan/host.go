//go:build linux

package lan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Host is one host. Its methods may be called from any goroutine; they are done
// one at a time.
type Host struct {
	Name    string
	Address netip.Addr
	// Address6 is another one, of IPv6; none where the kernel has no IPv6.
	Address6 netip.Addr

	jobs  chan func() // closed by close
	ended chan struct{}
	task  int // the thread that is the host
}

// newHost starts the thread that is the host. It is in the namespaces of the
// host for as long as it lives, and so is all that it starts or opens.
func newHost(name string, at, at6 netip.Addr) (*Host, error) {
	h := &Host{Name: name, Address: at, Address6: at6, jobs: make(chan func()), ended: make(chan struct{})}
	begun := make(chan error)
	go func() {
		defer close(h.ended)
		runtime.LockOSThread() // for good: with the goroutine the thread ends, and with it the host
		err := syscall.Unshare(syscall.CLONE_NEWNET | syscall.CLONE_NEWNS)
		if err == nil {
			err = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		}
		h.task = syscall.Gettid()
		begun <- err
		if err != nil {
			return
		}
		for job := range h.jobs {
			job()
		}
	}()
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("make the host %s: %w", name, err)
	}
	return h, nil
}

// Do calls f on the host: what f opens, dials, listens on and starts belongs to
// it. It must be short, and wait for nothing but the kernel.
func (h *Host) Do(f func() error) error {
	done := make(chan error, 1)
	h.jobs <- func() { done <- f() }
	return <-done
}

// Path returns how everybody but the host names a file that the host calls by that
// absolute path: the host has mounts of its own.
func (h *Host) Path(path string) string {
	return fmt.Sprintf("/proc/%d/task/%d/root%s", os.Getpid(), h.task, path)
}

// Network returns the path of the namespace that is the network of the host, for
// programs that enter one by its path.
func (h *Host) Network() string {
	return fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), h.task)
}

// Start starts a command on the host. It is ended when the host is.
func (h *Host) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return h.Do(cmd.Start)
}

// DialContext connects to an address as seen from the host.
func (h *Host) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = h.Do(func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens for TCP on a port of the host, at all of its addresses.
func (h *Host) Listen(port uint16) (l net.Listener, err error) {
	err = h.Do(func() error {
		l, err = net.Listen("tcp", fmt.Sprintf(":%d", port))
		return err
	})
	return l, err
}

// SmallDisk mounts a file system of so many bytes, all of it memory, over a
// directory of the host.
func (h *Host) SmallDisk(dir string, bytes int64) error {
	return h.Do(func() error {
		return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	})
}

// Bind lets a file or a directory of the host be found under the name of another
// one, which is there.
func (h *Host) Bind(file, name string) error {
	return h.Do(func() error { return syscall.Mount(file, name, "", syscall.MS_BIND, "") })
}

func (h *Host) addresses() []netip.Addr {
	if h.Address6.IsValid() {
		return []netip.Addr{h.Address, h.Address6}
	}
	return []netip.Addr{h.Address}
}

// configure gives the device of the host its addresses, and asks nobody whether he
// has them.
func (h *Host) configure() error {
	commands := [][]string{{"link", "set", "lo", "up"}, {"link", "set", tunName, "up"}}
	for _, at := range h.addresses() {
		prefix := network
		if at.Is6() {
			prefix = network6
		}
		commands = append(commands, []string{"addr", "add", netip.PrefixFrom(at, prefix.Bits()).String(), "dev", tunName, "nodad"})
	}
	var errs []error
	for _, args := range commands {
		errs = append(errs, h.Do(func() error {
			if said, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
				return fmt.Errorf("ip %q: %w: %s", args, err, said)
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// close ends the host.
func (h *Host) close() {
	close(h.jobs)
	<-h.ended
}

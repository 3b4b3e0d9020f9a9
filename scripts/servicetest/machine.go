package servicetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// searched is where tools are looked for; daemons lie where only root looks.
const searched = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Need returns the path of a tool, and skips the test where it is not installed.
// A name with a slash is a pattern of paths, of which the last is taken.
func Need(t testing.TB, tool, debianPackage string) string {
	t.Helper()
	var found []string
	if strings.Contains(tool, "/") {
		found, _ = filepath.Glob(tool) // the patterns are ours, and well-formed
	} else {
		for _, dir := range filepath.SplitList(searched) {
			if info, err := os.Stat(filepath.Join(dir, tool)); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
				found = append(found, filepath.Join(dir, tool))
			}
		}
	}
	if len(found) == 0 {
		t.Skipf("%s is not installed on this machine: install %s", tool, debianPackage)
	}
	if strings.Contains(tool, "/") {
		return found[len(found)-1]
	}
	return found[0]
}

// Dir returns a new folder that goes with the test. Unlike those of testing.T
// anybody may enter it: some services refuse to be run by root, and are run by
// somebody else.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-service-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// commoner gives dir to somebody who is not root, and returns who that is: nil if
// the test is not run by root anyway.
func commoner(t testing.TB, dir string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skipf("this service must not be run by root, and there is nobody else: %v", err)
	}
	uid, _ := strconv.Atoi(nobody.Uid) // numbers, on every unix
	gid, _ := strconv.Atoi(nobody.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// FreeAddress returns an address of loopback that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Port is the port of an address.
func Port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// accepts returns a condition: address accepts connections.
func accepts(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Write writes a file of a test, and returns its path.
func Write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// exchange sends text to address, and returns the first that comes back.
func exchange(ctx context.Context, address, text string) (string, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			return "", err
		}
	}
	if _, err := c.Write([]byte(text)); err != nil {
		return "", err
	}
	answer := make([]byte, 4<<10)
	n, err := c.Read(answer)
	return string(answer[:n]), err
}

// answersOn returns a condition: somebody accepts connections to a socket file.
func answersOn(socket string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Answers returns a condition: a GET of url is answered with 200.
func Answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	}
}

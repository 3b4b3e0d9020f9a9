package verify_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/verify"
)

// A listener whose queue is full takes no more connections, and refuses none:
// the handshake simply hangs.
func TestChecks_TCPThatHangsIsDown(t *testing.T) {
	address := fullListener(t)
	for _, kind := range []fsm.Check{fsm.CheckTCP, fsm.CheckHTTP} {
		value := address
		if kind == fsm.CheckHTTP {
			value = "http://" + address
		}
		// timeout_is is for scripts: here a timeout is DOWN whatever it says.
		r := verify.Request{Kind: kind, Value: value, Timeout: soon, TimeoutIs: health.Unknown}
		expect(t, verify.NewChecks(nil, nil), r, health.Down, "no answer within 200ms")
	}
}

// fullListener returns the address of a listener whose queue of connections is
// full and stays so.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("this kernel takes connections beyond the queue")
	return ""
}

package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"tocsin/fsm"
)

// connect checks that the value, host:port, takes a connection.
func (c *Checks) connect(ctx context.Context, r Request) Sample {
	if err := validAddress(r.Value); err != nil {
		return unknown(err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	// Keep-alive probes would cost system calls on a connection that is closed
	// at once.
	dialer := net.Dialer{KeepAlive: -1}
	conn, err := dialer.DialContext(ctx, "tcp", r.Value)
	if err != nil {
		return unreachable(ctx, err, r.Timeout)
	}
	// An ordinary close: a reset would be cheaper for us, but it fills the logs
	// of some servers with complaints. There is nothing to do about its error.
	_ = conn.Close()
	return up("connected to " + conn.RemoteAddr().String())
}

// validAddress reports why value is not host:port on this machine, which may not
// know the name of a service that another one does.
func validAddress(value string) error {
	if err := fsm.ValidateTarget(fsm.CheckTCP, value); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("the port %q is neither a number from 1 to 65535 nor the name of a service", ending(port, 32))
	}
	return nil
}

// unreachable makes a sample of an error of a connection that was tried within
// ctx. Timeout is what ctx had.
func unreachable(ctx context.Context, err error, timeout time.Duration) Sample {
	lookup, resolving := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return unknown("the check was stopped")
	case resolving:
		// Who asks for an address and gets none knows nothing about the
		// endpoint. If it were DOWN, one dead name server would take all
		// endpoints of a site with it.
		return unknown(fmt.Sprintf("the name %s can't be resolved: %s", lookup.Name, lookup.Err))
	case ourFault(err):
		return unknown(fmt.Sprintf("this node could not try: %v", err))
	case ctx.Err() != nil, isTimeout(err):
		return timedOut(down(fmt.Sprintf("no answer within %v", timeout)))
	}
	return down(err.Error())
}

// isTimeout tells the deadline of the context as the net package reports it,
// which may be a moment before the context itself says so.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// ourFault tells errors of this machine from those of the way to the endpoint:
// no descriptors, no memory, no local port, not allowed to.
func ourFault(err error) bool {
	for _, e := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EPERM, syscall.EACCES,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	_, address := errors.AsType[*net.AddrError](err)
	return address
}

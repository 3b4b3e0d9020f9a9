package credentials

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Dial connects to another node, at address, and returns when both have shown
// who they are. One of the names must be the other's; none means any node.
// Errors are those of a *net.OpError whose Op is "dial": nothing of ours was
// sent.
func (l *Live) Dial(ctx context.Context, address string, within time.Duration, names ...string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	d := tls.Dialer{NetDialer: &net.Dialer{}, Config: l.Calling(names...)}
	c, err := d.DialContext(ctx, "tcp", address)
	if err == nil {
		return c, nil
	}
	if op, ok := err.(*net.OpError); ok && op.Op == "dial" {
		return nil, err
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: Explain(err)}
}

package gossipdb

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"
)

// transport is memberlist's network with one thing more: shutting it down also
// ends the attempts to reach somebody, which could hold up Run otherwise.
type transport struct {
	*memberlist.NetTransport
	ctx    context.Context // of all dialling; it has no other use
	cancel context.CancelFunc
}

// listen opens the network of c and puts the addresses into m.
func listen(c GossipConfig, m *memberlist.Config) error {
	ctx := context.Background()
	if c.Advertise != "" {
		advertised, err := resolveOne(ctx, c.Advertise)
		if err != nil {
			return fmt.Errorf("advertised gossip address: %w", err)
		}
		if advertised.Addr().IsUnspecified() || advertised.Port() == 0 {
			return fmt.Errorf("advertised gossip address %s: give the host and port that other nodes reach this one at", c.Advertise)
		}
		m.AdvertiseAddr, m.AdvertisePort = advertised.Addr().String(), int(advertised.Port())
	}
	if c.Transport != nil {
		m.Transport = c.Transport
		return nil
	}
	bind, err := resolveOne(ctx, c.Bind)
	if err != nil {
		return fmt.Errorf("gossip address: %w (set it with --gossip)", err)
	}
	m.BindAddr, m.BindPort = bind.Addr().String(), int(bind.Port())
	m.Transport, err = openTransport(bind, m.Logger)
	if err != nil {
		return explainListen(c.Bind, err)
	}
	return nil
}

func openTransport(bind netip.AddrPort, logger *log.Logger) (*transport, error) {
	// Asked for any port, the system may name one that is free for TCP only.
	attempts := 1
	if bind.Port() == 0 {
		attempts = 10
	}
	var err error
	for range attempts {
		var nt *memberlist.NetTransport
		nt, err = memberlist.NewNetTransport(&memberlist.NetTransportConfig{
			BindAddrs: []string{bind.Addr().String()}, BindPort: int(bind.Port()), Logger: logger,
		})
		if err == nil {
			ctx, cancel := context.WithCancel(context.Background())
			return &transport{NetTransport: nt, ctx: ctx, cancel: cancel}, nil
		}
	}
	return nil, err
}

// explainListen says what to do. The library keeps nothing of the error but
// its text.
func explainListen(address string, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "address already in use"):
		return fmt.Errorf("gossip address %s is in use: stop what listens there, or choose another with --gossip", address)
	case strings.Contains(text, "cannot assign requested address"):
		return fmt.Errorf("gossip address %s is not one of this machine: choose another with --gossip", address)
	case strings.Contains(text, "permission denied"):
		return fmt.Errorf("gossip address %s needs a privilege this process lacks: choose a port above 1023 with --gossip", address)
	}
	return fmt.Errorf("listen on gossip address %s (--gossip): %w", address, err)
}

// FinalAdvertiseAddr is the library's, with an error that says what to do.
func (t *transport) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	addr, p, err := t.NetTransport.FinalAdvertiseAddr(ip, port)
	if err == nil && addr.IsUnspecified() {
		err = errors.New("no address of this machine to tell the others")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: bind the gossip to one address, or set the advertised one", err)
	}
	return addr, p, nil
}

// DialTimeout connects to addr, unless the transport is shut down meanwhile.
func (t *transport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return (&net.Dialer{Timeout: timeout}).DialContext(t.ctx, "tcp", addr)
}

// DialAddressTimeout is DialTimeout for callers that know a name as well.
func (t *transport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	return t.DialTimeout(a.Addr, timeout)
}

// Shutdown ends what is being dialled, closes the listeners and waits for them.
func (t *transport) Shutdown() error {
	t.cancel()
	return t.NetTransport.Shutdown()
}

package gossipdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const resolveTimeout = 3 * time.Second

// splitAddress takes host:port apart. A missing port is defaultPort, if that
// is not 0.
func splitAddress(address string, defaultPort uint16) (host string, port uint16, err error) {
	if host, ok := strings.CutSuffix(strings.TrimPrefix(address, "["), "]"); defaultPort != 0 && address != "" {
		_, err := netip.ParseAddr(host)
		if (ok && err == nil) || !strings.Contains(address, ":") {
			return host, defaultPort, nil
		}
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("address %q is not like 10.0.0.1:7946", address)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address %q: port %q is not a number of 0 to 65535", address, text)
	}
	return host, uint16(n), nil
}

// resolve returns the addresses behind host:port, in the resolver's order. It
// takes resolveTimeout at most, and no time at all for a numeric host.
func resolve(ctx context.Context, address string, defaultPort uint16) ([]netip.AddrPort, error) {
	host, port, err := splitAddress(address, defaultPort)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), port)}, nil
	}
	if host == "" {
		return nil, fmt.Errorf("address %q has no host", address)
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	found := make([]netip.AddrPort, 0, len(ips))
	for _, ip := range ips {
		found = append(found, netip.AddrPortFrom(ip.Unmap(), port))
	}
	return found, nil
}

// resolveOne returns one address behind host:port. An empty host means every
// interface.
func resolveOne(ctx context.Context, address string) (netip.AddrPort, error) {
	host, port, err := splitAddress(address, 0)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), port), nil
	}
	found, err := resolve(ctx, address, 0)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(found) == 0 {
		return netip.AddrPort{}, errors.New("look up " + host + ": no address")
	}
	for _, a := range found {
		if a.Addr().Is4() {
			return a, nil
		}
	}
	return found[0], nil
}

package connlimit

import (
	"net"
	"net/netip"
)

// network is how much of an IPv6 address tells one source from another, in bits:
// whoever has one address has a whole /64, and can come from each in it.
const network = 64

// Source returns what an address, with or without a port, counts as wherever it
// matters how much comes from one place: an IPv4 address is one source, written as
// IPv6 too, and of IPv6 a /64. A zone tells of our side, and not of theirs. What is
// no address of IP is a source of its own.
func Source(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	of, err := ip.Prefix(network) // without the zone
	if err != nil {
		return host // IPv6 has so many bits
	}
	return of.String()
}

//go:build linux

package lan

import (
	"fmt"
	"net/netip"
	"os"
)

// The networks that all hosts are in. Nobody outside knows of them.
var (
	network  = netip.MustParsePrefix("10.77.0.0/24")
	network6 = netip.MustParsePrefix("fd77::/64")
)

// Net is a switch and the hosts that are plugged in. It is for one goroutine,
// but for what its parts say.
type Net struct {
	*Switch
	hosts []*Host
}

// New returns a network without hosts.
func New() *Net { return &Net{Switch: NewSwitch()} }

// Add makes one more host. Its addresses end with the number, from 1 to 254.
func (n *Net) Add(name string, number byte) (*Host, error) {
	at := network.Addr().As4()
	at[3] = number
	h, err := newHost(name, netip.AddrFrom4(at), address6(number))
	if err != nil {
		return nil, err
	}
	n.hosts = append(n.hosts, h)
	var tun *os.File
	if err := h.Do(func() (err error) { tun, err = openTun(); return err }); err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	n.plug(name, tun, h.addresses()...)
	if err := h.configure(); err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	return h, nil
}

// address6 is none where the kernel has no IPv6.
func address6(number byte) netip.Addr {
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
		return netip.Addr{}
	}
	at := network6.Addr().As16()
	at[15] = number
	return netip.AddrFrom16(at)
}

// Close ends all hosts, and every process on them.
func (n *Net) Close() {
	n.unplug()
	for _, h := range n.hosts {
		h.close()
	}
	n.hosts = nil
}

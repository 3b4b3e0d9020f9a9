//go:build linux

package lan

import (
	"fmt"
	"net/netip"
	"os"
)

// The network that all hosts are in. Nobody outside knows of it.
const prefixBits = 24

var network = netip.AddrFrom4([4]byte{10, 77, 0, 0})

// Net is a switch and the hosts that are plugged in. It is for one goroutine,
// but for what its parts say.
type Net struct {
	*Switch
	hosts []*Host
}

// New returns a network without hosts.
func New() *Net { return &Net{Switch: NewSwitch()} }

// Add makes one more host. Its address ends with the number, from 1 to 254.
func (n *Net) Add(name string, number byte) (*Host, error) {
	at := network.As4()
	at[3] = number
	h, err := newHost(name, netip.AddrFrom4(at))
	if err != nil {
		return nil, err
	}
	n.hosts = append(n.hosts, h)
	var tun *os.File
	if err := h.Do(func() (err error) { tun, err = openTun(); return err }); err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	n.plug(name, at, tun)
	if err := h.configure(); err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	return h, nil
}

// Close ends all hosts, and every process on them.
func (n *Net) Close() {
	n.unplug()
	for _, h := range n.hosts {
		h.close()
	}
	n.hosts = nil
}

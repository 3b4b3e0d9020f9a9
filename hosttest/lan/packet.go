package lan

import (
	"encoding/binary"
	"net/netip"
)

// Packet is what the switch knows of one packet, of IPv4 or IPv6.
type Packet struct {
	From, To string // names of hosts
	TCP, UDP bool
	// Source and Target are the ports, 0 if there are none.
	Source, Target uint16
}

// About reports whether one of the two ends of the conversation is at that port.
func (p Packet) About(port uint16) bool { return p.Source == port || p.Target == port }

// layout is where in a packet of one family things stand, in bytes.
type layout struct{ shortest, protocol, source, target, address int }

var (
	v4 = layout{shortest: 20, protocol: 9, source: 12, target: 16, address: 4}
	v6 = layout{shortest: 40, protocol: 6, source: 8, target: 24, address: 16}
)

const (
	protocolTCP = 6
	protocolUDP = 17
)

// parse reads the head of a packet; false if it is of another family. What comes
// behind further headers of IPv6 has no ports.
func parse(data []byte) (p Packet, from, to netip.Addr, ok bool) {
	if len(data) < v4.shortest {
		return p, from, to, false
	}
	in, head := v4, int(data[0]&0xf)*4
	switch data[0] >> 4 {
	case 4:
	case 6:
		in, head = v6, v6.shortest
	default:
		return p, from, to, false
	}
	if len(data) < in.shortest {
		return p, from, to, false
	}
	from, _ = netip.AddrFromSlice(data[in.source : in.source+in.address])
	to, _ = netip.AddrFromSlice(data[in.target : in.target+in.address])
	p.TCP, p.UDP = data[in.protocol] == protocolTCP, data[in.protocol] == protocolUDP
	if (p.TCP || p.UDP) && len(data) >= head+4 {
		p.Source, p.Target = binary.BigEndian.Uint16(data[head:]), binary.BigEndian.Uint16(data[head+2:])
	}
	return p, from, to, true
}

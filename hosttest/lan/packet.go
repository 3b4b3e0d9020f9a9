package lan

import "encoding/binary"

// Packet is what the switch knows of one packet of IPv4.
type Packet struct {
	From, To string // names of hosts
	TCP, UDP bool
	// Source and Target are the ports, 0 if there are none.
	Source, Target uint16
}

// About reports whether one of the two ends of the conversation is at that port.
func (p Packet) About(port uint16) bool { return p.Source == port || p.Target == port }

// The parts of a packet of IPv4.
const (
	shortestHeader = 20
	protocolAt     = 9
	sourceAt       = 12
	targetAt       = 16
	protocolTCP    = 6
	protocolUDP    = 17
)

type address [4]byte

// parse reads the head of a packet; false if it is none of IPv4.
func parse(data []byte) (p Packet, from, to address, ok bool) {
	if len(data) < shortestHeader || data[0]>>4 != 4 {
		return p, from, to, false
	}
	copy(from[:], data[sourceAt:])
	copy(to[:], data[targetAt:])
	p.TCP, p.UDP = data[protocolAt] == protocolTCP, data[protocolAt] == protocolUDP
	head := int(data[0]&0xf) * 4
	if (p.TCP || p.UDP) && len(data) >= head+4 {
		p.Source, p.Target = binary.BigEndian.Uint16(data[head:]), binary.BigEndian.Uint16(data[head+2:])
	}
	return p, from, to, true
}

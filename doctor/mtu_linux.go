package doctor

import (
	"net"

	"golang.org/x/sys/unix"
)

// mtuTo returns the largest packet that the route to address takes, as the
// kernel knows it, 0 if it can't tell. Nothing is sent.
func mtuTo(address string) int {
	connection, err := net.Dial("udp", address)
	if err != nil {
		return 0
	}
	defer connection.Close() // nothing is written by it: there is no error to miss
	udp, ok := connection.(*net.UDPConn)
	if !ok {
		return 0
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return 0
	}
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if remote, ok := udp.RemoteAddr().(*net.UDPAddr); ok && remote.IP.To4() == nil {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	mtu := 0
	err = raw.Control(func(fd uintptr) {
		if known, err := unix.GetsockoptInt(int(fd), level, option); err == nil {
			mtu = known
		}
	})
	if err != nil {
		return 0
	}
	return mtu
}

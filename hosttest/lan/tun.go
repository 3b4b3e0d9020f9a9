//go:build linux

package lan

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// tunName is what the device is called on every host.
const tunName = "tun0"

// openTun makes the device of the host that it is called on. What the host sends
// is read from the file, and what is written to the file reaches the host.
func openTun() (*os.File, error) {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", tunDevice, err)
	}
	request, err := unix.NewIfreq(tunName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true) // so that Close ends a Read
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make the device %s: %w", tunName, err)
	}
	return os.NewFile(uintptr(fd), tunDevice), nil
}

//go:build linux

package lan

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

const tunDevice = "/dev/net/tun"

// Possible returns why hosts can't be made here, nil if they can.
func Possible() error {
	if os.Geteuid() != 0 {
		return errors.New("only root can make hosts: run the tests as root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: install iproute2", err)
	}
	if _, err := os.Stat(tunDevice); err != nil {
		return fmt.Errorf("%w: load the module tun, or let the container have the device", err)
	}
	return nil
}

package peer

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// CheckAddress reads an address as nodes have them.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("address %q is not like 10.0.0.1:7000", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("address %q has no port from 1 to 65535", address)
	}
	if strings.ContainsAny(host, "/?#@ ") {
		return fmt.Errorf("address %q is not like 10.0.0.1:7000: give host and port alone", address)
	}
	return nil
}

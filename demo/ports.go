//go:build unix

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// freeAddresses returns n addresses on loopback that nobody listens on. They
// lie below the ports that systems give out for outgoing connections: one from
// among those may be taken again before its owner starts.
func freeAddresses(n int) ([]string, error) {
	const lowest, highest = 20000, 32000
	var found []string
	port := lowest + rand.IntN(highest-lowest)
	for range highest - lowest {
		if len(found) == n {
			return found, nil
		}
		if port++; port >= highest {
			port = lowest
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if free(address) {
			found = append(found, address)
		}
	}
	return nil, fmt.Errorf("only %d of %d free ports were found between %d and %d", len(found), n, lowest, highest)
}

// free reports whether address can be listened on, by TCP and by UDP.
func free(address string) bool {
	stream, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		_ = stream.Close()
		return false
	}
	return errors.Join(stream.Close(), packets.Close()) == nil
}

package node

import (
	"fmt"
	"net"
	"strings"

	"tocsin/access"
)

// A node that others can reach must be able to tell who they are. What has to be
// so before it listens where other machines reach it stands in one list, so that
// whoever starts a node hears of all that is missing at once.

// safeguard is one thing that has to be so.
type safeguard struct {
	// ports are the flags of the addresses that it is about.
	ports []string
	met   func(Config) bool
	// risk says what else could happen, remedy what to set.
	risk, remedy string
}

func safeguards() []safeguard {
	return []safeguard{{
		ports:  []string{"--http", "--raft"},
		met:    func(c Config) bool { return c.TLS != "" },
		risk:   "without TLS anybody there can read along, and pass for a node",
		remedy: `--tls DIRECTORY with a certificate ("tocsin init" makes them for a whole cluster)`,
	}, {
		ports:  []string{"--gossip"},
		met:    func(c Config) bool { return c.GossipKeyFile != "" },
		risk:   "without a key anybody there can read along, and make nodes seem dead",
		remedy: `--gossip-key-file FILE with a key that all nodes have ("tocsin keygen FILE" makes one, "tocsin init" does it for a whole cluster)`,
	}, {
		ports:  []string{"--http"},
		met:    func(c Config) bool { return c.Auth != access.Off },
		risk:   "with --auth off whoever reaches it may change everything",
		remedy: `--auth on`,
	}}
}

// exposed returns what is missing, one error for each safeguard that is not met.
// It is a pure function: names are not looked up, and only localhost is known to
// be on this machine.
func (c Config) exposed() []error {
	if c.Insecure {
		return nil
	}
	var errs []error
	for _, s := range safeguards() {
		if open := c.reachable(s.ports); len(open) > 0 && !s.met(c) {
			errs = append(errs, fmt.Errorf("%s: other machines can reach %s, and %s: set %s, or own the risk with --insecure",
				open[0], strings.Join(c.addressesOf(open), " and "), s.risk, s.remedy))
		}
	}
	return errs
}

// reachable returns those of the flags whose addresses are not on loopback alone.
func (c Config) reachable(flags []string) (open []string) {
	for i, address := range c.addressesOf(flags) {
		if host, _, err := net.SplitHostPort(address); err == nil && !onLoopback(host) {
			open = append(open, flags[i])
		}
	}
	return open
}

func (c Config) addressesOf(flags []string) (addresses []string) {
	all := map[string]string{"--http": c.HTTP, "--raft": c.Raft, "--gossip": c.Gossip}
	for _, flag := range flags {
		addresses = append(addresses, all[flag])
	}
	return addresses
}

func onLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

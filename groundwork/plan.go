package groundwork

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"tocsin/fsm"
)

// Node is one that is to be.
type Node struct {
	Name, Site string
	// Host is the name or address that all reach it by.
	Host string
	// HTTP, Raft and Gossip are the ports.
	HTTP, Raft, Gossip int
}

// The ports, if nothing else is said. Where the one for HTTP is given, the others
// are as far from it as these from each other.
const (
	httpPort = 6000
	apart    = 1000
)

// Plan is who is to belong to a cluster.
type Plan struct{ Nodes []Node }

// maxNodes is how many one plan takes.
const maxNodes = 100

// Parse reads nodes as NAME=HOST, SITE/NAME=HOST or either with a port for HTTP.
// All that is wrong is told at once.
func Parse(specs []string) (Plan, error) {
	var p Plan
	var errs []error
	if len(specs) == 0 || len(specs) > maxNodes {
		return Plan{}, fmt.Errorf("%d nodes are named: name 1 to %d, such as paris1=10.1.0.1", len(specs), maxNodes)
	}
	for _, spec := range specs {
		n, err := parseNode(spec)
		if err != nil {
			errs = append(errs, fmt.Errorf("%.80q: %w", spec, err))
			continue
		}
		p.Nodes = append(p.Nodes, n)
	}
	if err := errors.Join(append(errs, p.clashes())...); err != nil {
		return Plan{}, err
	}
	return p, nil
}

func parseNode(spec string) (n Node, err error) {
	who, where, ok := strings.Cut(spec, "=")
	if !ok {
		return n, errors.New("write NAME=HOST, SITE/NAME=HOST or SITE/NAME=HOST:PORT")
	}
	n.Name, n.Host, n.HTTP = who, where, httpPort
	if site, name, ok := strings.Cut(who, "/"); ok {
		n.Site, n.Name = site, name
		if err := fsm.ValidateNodeName(site); err != nil {
			return n, fmt.Errorf("site: %w", err)
		}
	}
	if err := fsm.ValidateNodeName(n.Name); err != nil {
		return n, err
	}
	if net.ParseIP(where) == nil {
		if host, port, err := net.SplitHostPort(where); err == nil {
			n.Host = host
			if n.HTTP, err = strconv.Atoi(port); err != nil || n.HTTP < 1 || n.HTTP > 65535-2*apart {
				return n, fmt.Errorf("port %.20q is not a number from 1 to %d", port, 65535-2*apart)
			}
		}
	}
	n.Raft, n.Gossip = n.HTTP+apart, n.HTTP+2*apart
	ip := net.ParseIP(n.Host)
	switch {
	case ip == nil && fsm.ValidateNodeName(n.Host) != nil:
		return n, fmt.Errorf("host %.80q is neither a name nor an address", n.Host)
	case ip != nil && ip.IsUnspecified():
		return n, fmt.Errorf("host %s is no address that others can reach", n.Host)
	}
	return n, nil
}

// clashes reports who is there twice.
func (p Plan) clashes() error {
	var errs []error
	names, ports := map[string]bool{}, map[string]string{}
	for _, n := range p.Nodes {
		if names[n.Name] {
			errs = append(errs, fmt.Errorf("there are two nodes %s", n.Name))
		}
		names[n.Name] = true
		for _, address := range []string{n.address(n.HTTP), n.address(n.Raft), n.address(n.Gossip)} {
			if other, taken := ports[address]; taken {
				errs = append(errs, fmt.Errorf("%s and %s would both listen on %s: give one of them another port, as in %s=%s", other, n.Name, address, n.Name, n.address(n.HTTP+1)))
				break
			}
			ports[address] = n.Name
		}
	}
	return errors.Join(errs...)
}

func (n Node) address(port int) string { return net.JoinHostPort(n.Host, strconv.Itoa(port)) }

// Here reports whether all nodes are on this machine alone.
func (p Plan) Here() bool {
	return !slices.ContainsFunc(p.Nodes, func(n Node) bool { return n.Host != "localhost" && !net.ParseIP(n.Host).IsLoopback() })
}

// addresses returns where the nodes answer HTTP, but that of one name.
func (p Plan) addresses(but string) []string {
	var all []string
	for _, n := range p.Nodes {
		if n.Name != but {
			all = append(all, n.address(n.HTTP))
		}
	}
	return all
}

// Remarks says what may not be meant, though it can be done.
func (p Plan) Remarks() (remarks []string) {
	sites := map[string]int{}
	for _, n := range p.Nodes {
		sites[n.Site]++
	}
	switch n := len(p.Nodes); {
	case n < 3:
		remarks = append(remarks, fmt.Sprintf("with %d of them nothing is decided any more when one is lost: three or five are better", n))
	case n%2 == 0:
		remarks = append(remarks, fmt.Sprintf("%d nodes survive no more losses than %d do: take an odd number", n, n-1))
	}
	for _, site := range slices.Sorted(maps.Keys(sites)) {
		if len(sites) > 1 && 2*sites[site] >= len(p.Nodes) {
			remarks = append(remarks, fmt.Sprintf("half of the nodes are at the site %q: when it is lost nothing is decided", site))
		}
	}
	return remarks
}

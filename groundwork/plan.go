package groundwork

import (
	"errors"
	"fmt"
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

// Parse reads nodes as [SITE/][NAME=]HOST[:PORT], the port being that for HTTP. Where
// sites are given, a node that names none is put at the one with the fewest nodes so
// far, in their order; with sites alone there is a node for each on this machine. A
// node without a name is called by its site and a number. All that is wrong is told
// at once.
func Parse(specs, sites []string) (Plan, error) {
	if len(specs) == 0 {
		specs = slices.Repeat([]string{"127.0.0.1"}, len(sites))
	}
	if len(specs) == 0 || len(specs) > maxNodes {
		return Plan{}, fmt.Errorf("%d nodes are named: name 1 to %d, such as paris/10.1.0.1", len(specs), maxNodes)
	}
	var p Plan
	var errs []error
	for _, spec := range specs {
		n, err := parseNode(spec)
		if err != nil {
			errs = append(errs, fmt.Errorf("%.80q: %w", spec, err))
			continue
		}
		p.Nodes = append(p.Nodes, n)
	}
	if err := errors.Join(errs...); err != nil {
		return Plan{}, err
	}
	p.givePorts()
	if err := errors.Join(p.giveSites(sites), p.giveNames(), p.clashes()); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// parseNode reads what one says; what it leaves out is empty.
func parseNode(spec string) (n Node, err error) {
	who, where, named := strings.Cut(spec, "=")
	if !named {
		who, where = "", spec
		if site, host, ok := strings.Cut(spec, "/"); ok {
			who, where = site+"/", host
		}
	}
	n.Name, n.Host = who, where
	if site, name, ok := strings.Cut(who, "/"); ok {
		n.Site, n.Name = site, name
		if err := fsm.ValidateNodeName(site); err != nil {
			return n, fmt.Errorf("site: %w", err)
		}
	}
	if named {
		if err := fsm.ValidateNodeName(n.Name); err != nil {
			return n, err
		}
	}
	if net.ParseIP(where) == nil {
		if host, port, err := net.SplitHostPort(where); err == nil {
			n.Host = host
			if n.HTTP, err = strconv.Atoi(port); err != nil || n.HTTP < 1 || n.HTTP > 65535-2*apart {
				return n, fmt.Errorf("port %.20q is not a number from 1 to %d", port, 65535-2*apart)
			}
		}
	}
	ip := net.ParseIP(n.Host)
	switch {
	case ip == nil && fsm.ValidateNodeName(n.Host) != nil:
		return n, fmt.Errorf("host %.80q is neither a name nor an address: write [SITE/]NAME=HOST, or SITE/HOST", n.Host)
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
	return !slices.ContainsFunc(p.Nodes, func(n Node) bool { return !n.here() })
}

func (n Node) here() bool { return n.Host == "localhost" || net.ParseIP(n.Host).IsLoopback() }

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

package groundwork

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/fsm"
)

// giveSites puts each node that names no site at the one that has the fewest nodes so
// far, the first of these. Without sites nothing is given.
func (p Plan) giveSites(sites []string) error {
	if len(sites) == 0 {
		return nil
	}
	at := map[string]int{}
	var errs []error
	for i, site := range sites {
		if err := fsm.ValidateNodeName(site); err != nil {
			errs = append(errs, fmt.Errorf("--sites: %w", err))
		}
		if slices.Contains(sites[:i], site) {
			errs = append(errs, fmt.Errorf("--sites: %.80q is there twice", site))
		}
	}
	for _, n := range p.Nodes {
		if n.Site != "" && !slices.Contains(sites, n.Site) {
			errs = append(errs, fmt.Errorf("the site %.80q of %s is none of --sites %s", n.Site, n.Host, strings.Join(sites, ",")))
		}
		at[n.Site]++
	}
	for i := range p.Nodes {
		if n := &p.Nodes[i]; n.Site == "" {
			n.Site = slices.MinFunc(sites, func(a, b string) int { return at[a] - at[b] })
			at[n.Site]++
		}
	}
	for _, site := range sites {
		if at[site] == 0 {
			errs = append(errs, fmt.Errorf("there is no node at the site %.80q: name one more, or leave that site out", site))
		}
	}
	return errors.Join(errs...)
}

// giveNames calls each node that has no name by its site and the next number there.
func (p Plan) giveNames() error {
	taken := map[string]bool{}
	for _, n := range p.Nodes {
		taken[n.Name] = true
	}
	var errs []error
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if n.Name == "" && n.Site == "" {
			errs = append(errs, fmt.Errorf("%.80q has no name: write NAME=HOST, or SITE/HOST, or say where the nodes stand with --sites", n.Host))
		}
		for number := 1; n.Name == ""; number++ {
			if name := n.Site + strconv.Itoa(number); !taken[name] {
				n.Name, taken[name] = name, true
			}
		}
		if err := fsm.ValidateNodeName(n.Name); n.Site != "" && err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// givePorts gives each node its ports. On this machine, where all share one address,
// whoever has been told none takes the next that is free.
func (p Plan) givePorts() {
	taken := map[string]bool{}
	take := func(n *Node, port int) bool {
		n.HTTP, n.Raft, n.Gossip = port, port+apart, port+2*apart
		all := []string{n.address(n.HTTP), n.address(n.Raft), n.address(n.Gossip)}
		if slices.ContainsFunc(all, func(address string) bool { return taken[address] }) {
			return false
		}
		for _, address := range all {
			taken[address] = true
		}
		return true
	}
	var left []*Node
	for i := range p.Nodes {
		switch n := &p.Nodes[i]; {
		case n.HTTP != 0:
			take(n, n.HTTP) // if somebody has it, clashes says so
		case n.here():
			left = append(left, n)
		default:
			take(n, httpPort)
		}
	}
	for _, n := range left {
		for port := httpPort; !take(n, port); port++ {
		}
	}
}

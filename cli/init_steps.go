package cli

import (
	"cmp"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"tocsin/access"
	"tocsin/groundwork"
	"tocsin/pki"
)

// nextSteps says what was made, how firmly it will stand, and what to do with it.
func nextSteps(dir string, p groundwork.Plan, admin access.Token) []string {
	lines := []string{fmt.Sprintf("made the files of a cluster of %d nodes in %s", len(p.Nodes), dir), ""}
	lines = append(append(lines, standing(p)...), "")
	step := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if p.Here() {
		step("  in a folder with your scripts in scripts/, or with a copy of those that come with Tocsin:")
		for _, n := range p.Nodes {
			step("  tocsin agent --config %s", filepath.Join(dir, "nodes", n.Name, "tocsin.yaml"))
		}
	} else {
		bringThere(step, dir, p)
	}
	step("  export TOCSIN_CLIENT=%s", filepath.Join(dir, "operator", "client.yaml"))
	step("  tocsin status")
	step("")
	step("Who has no certificate shows a token (--ca %s --token-file FILE).", filepath.Join(dir, "ca", pki.AuthorityFile))
	step("This is the one of the admin, shown this once; its hash alone is kept:")
	step("")
	step("  %s", admin.Reveal())
	step("")
	step("%s makes nodes and operators: keep it apart, and safe; nobody needs", filepath.Join(dir, "ca", pki.AuthorityKeyFile))
	step("it before certificates are renewed (tocsin tls renew) or a node is added.")
	return lines
}

// standing shows where each node stands, and what of it all may fail.
func standing(p groundwork.Plan) (lines []string) {
	name, site := 0, 0
	for _, n := range p.Nodes {
		name, site = max(name, len(n.Name)), max(site, len(cmp.Or(n.Site, "-")))
	}
	for _, n := range p.Nodes {
		lines = append(lines, fmt.Sprintf("  %-*s  %-*s  %s", name, n.Name, site, cmp.Or(n.Site, "-"), net.JoinHostPort(n.Host, strconv.Itoa(n.HTTP))))
	}
	lines = append(lines, "", "Once all of them run:")
	return append(lines, p.Footing().Sentences()...)
}

// bringThere is what to do with the files of nodes that are elsewhere.
func bringThere(step func(format string, args ...any), dir string, p groundwork.Plan) {
	for _, n := range p.Nodes {
		step("  scp -r %s/. root@%s:/etc/tocsin/", filepath.Join(dir, "nodes", n.Name), n.Host)
	}
	step("  and there, with your scripts in /etc/tocsin/scripts, or with a copy of those that come with Tocsin:")
	step("  tocsin agent --config /etc/tocsin/tocsin.yaml")
	step("  or, as the service of the packages, which reads its secrets as its group, and changes its keys:")
	for _, n := range p.Nodes {
		step("  ssh root@%s 'cd /etc/tocsin && chgrp -R tocsin tls *token* && chmod -R g+rX tls *token* && chown -R tocsin:tocsin keyring && systemctl enable --now tocsin'", n.Host)
	}
}

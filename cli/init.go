package cli

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tocsin/access"
	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/groundwork"
	"tocsin/pki"
)

func (a app) init() *cobra.Command {
	var nodes []string
	var operator string
	var days int
	c := &cobra.Command{
		Use:         "init DIRECTORY --nodes LIST",
		Short:       "Make the files of a new cluster: certificates, keys, settings",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Writes a folder for a cluster that is to be: a CA, a certificate and a
configuration for each node, the key of the gossip, the token by which nodes are
taken in, and what the commands need to talk to them. The token of an admin is
printed, this once: the cluster will know no more than its hash.

Each node is given as SITE/NAME=HOST, or as NAME=HOST where all stand in one
place. A port behind it is that for HTTP (6000), and those for raft and gossip
follow.

  nodes/NAME/    goes to /etc/tocsin on the machine of that node
  operator/      stays with you: client.yaml there is for --client
  ca/            stays with you, and nowhere else: ca.key makes nodes

Where all hosts are this machine (127.0.0.1:6000, 127.0.0.1:6001, …) the
configurations name the folder itself, so that the cluster can be tried at once.`,
		Example: `tocsin init cluster \
    --nodes paris/p1=10.1.0.1,lyon/l1=10.2.0.1,nice/n1=10.3.0.1
tocsin init trial \
    --nodes n1=127.0.0.1:6000,n2=127.0.0.1:6001,n3=127.0.0.1:6002`,
		Args: exactly("DIRECTORY"),
	}
	c.Flags().Var(config.List(&nodes), "nodes", "`list` of nodes as SITE/NAME=HOST[:PORT], with commas (needed)")
	c.Flags().StringVar(&operator, "operator", "admin", "`name` of the operator, who gets the role admin")
	daysFlag(c, &days, pki.CertificateLife)
	c.Flags().Lookup("days").Usage = "how long the certificates last, in days"
	help.Group(c, "Cluster", "nodes", "operator", "days")
	c.RunE = func(c *cobra.Command, args []string) error {
		life, err := lifeOf(c, days)
		if err != nil {
			return err
		}
		plan, err := groundwork.Parse(nodes)
		if err != nil {
			return misuse(c, "--nodes: %w", err)
		}
		admin, err := groundwork.Lay(args[0], plan, groundwork.Options{Operator: operator, Life: life}, time.Now())
		if err != nil {
			return err
		}
		for _, remark := range plan.Remarks() {
			a.say("warning: %s\n", remark)
		}
		return a.tell(nextSteps(args[0], plan, admin)...)
	}
	return c
}

// nextSteps says what was made, and what to do with it.
func nextSteps(dir string, p groundwork.Plan, admin access.Token) []string {
	lines := []string{fmt.Sprintf("made the files of a cluster of %d nodes in %s", len(p.Nodes), dir), ""}
	step := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if p.Here() {
		step("  in a folder with your scripts in scripts/, or with a copy of those that come with Tocsin:")
	}
	for _, n := range p.Nodes {
		if p.Here() {
			step("  tocsin agent --config %s", filepath.Join(dir, "nodes", n.Name, "tocsin.yaml"))
		} else {
			step("  scp -r %s/. root@%s:/etc/tocsin/", filepath.Join(dir, "nodes", n.Name), n.Host)
		}
	}
	if !p.Here() {
		step("  and there, with your scripts in /etc/tocsin/scripts, or with a copy of those that come with Tocsin:")
		step("  tocsin agent --config /etc/tocsin/tocsin.yaml")
		step("  or, as the service of the packages, which needs its secrets to be its own:")
		step("  cd /etc/tocsin && chown -R tocsin:tocsin tls keyring *token* && systemctl enable --now tocsin")
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

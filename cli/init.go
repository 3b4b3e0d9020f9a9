package cli

import (
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/groundwork"
	"tocsin/pki"
)

func (a app) init() *cobra.Command {
	var nodes, sites []string
	var operator string
	var days int
	c := &cobra.Command{
		Use:         "init DIRECTORY --nodes LIST [--sites LIST]",
		Short:       "Make the files of a new cluster: certificates, keys, settings",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Writes a folder for a cluster that is to be: a CA, a certificate and a
configuration for each node, the key of the gossip, the token by which nodes are
taken in, and what the commands need to talk to them. The token of an admin is
printed, this once: the cluster will know no more than its hash.

Each node is given as SITE/HOST, or as SITE/NAME=HOST to have it called so and
not paris1, paris2; or as NAME=HOST where all stand in one place. A port behind
it is that for HTTP (6000), and those for raft and gossip follow. With --sites
the nodes are dealt out to these in turn, but for those that name theirs.

  nodes/NAME/    goes to /etc/tocsin on the machine of that node
  operator/      stays with you: client.yaml there is for --client
  ca/            stays with you, and nowhere else: ca.key makes nodes

Where all hosts are this machine (127.0.0.1) each node gets ports of its own,
and the configurations name the folder itself, so that the cluster can be tried
at once. --sites without --nodes makes such a trial, with a node at each.

It says what of it may fail once it runs, and warns of an even number of voters
and of a site without which nothing would be decided.`,
		Example: `tocsin init trial --sites amsterdam,paris,london
tocsin init cluster --sites amsterdam,paris,london \
    --nodes 10.1.0.1,10.2.0.1,10.3.0.1
tocsin init cluster \
    --nodes paris/p1=10.1.0.1,lyon/l1=10.2.0.1,nice/n1=10.3.0.1`,
		Args: exactly("DIRECTORY"),
	}
	c.Flags().Var(config.List(&nodes), "nodes", "`list` of nodes as [SITE/][NAME=]HOST[:PORT], with commas (needed, but for a trial)")
	c.Flags().Var(config.List(&sites), "sites", "`list` of the sites that the nodes stand at, in turn; without --nodes there is a node at each, on this machine")
	c.Flags().StringVar(&operator, "operator", "admin", "`name` of the operator, who gets the role admin")
	daysFlag(c, &days, pki.CertificateLife)
	c.Flags().Lookup("days").Usage = "how long the certificates last, in days"
	help.Group(c, "Cluster", "nodes", "sites", "operator", "days")
	c.RunE = func(c *cobra.Command, args []string) error {
		life, err := lifeOf(c, days)
		if err != nil {
			return err
		}
		plan, err := groundwork.Parse(nodes, sites)
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

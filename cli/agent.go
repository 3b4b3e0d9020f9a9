package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"tocsin/cli/agent"
	"tocsin/cli/help"
)

func (a app) agent() *cobra.Command {
	c := &cobra.Command{
		Use:         "agent --node NAME [flags]",
		Short:       "Run a node until it is told to stop",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Runs one node. The first node of a cluster is started with --bootstrap, the
others with --join and the HTTP address of any member. A node that has data in
its --data-dir simply comes back; both flags are harmless then.

Every flag can be given as an environment variable or in a file too: --data-dir
is TOCSIN_DATA_DIR, and data_dir. A flag counts before the environment, that
before the file. "tocsin config default" writes a file to begin with.

What is under Checking, Deciding, Notifying and Cluster are the first settings
of a cluster that is founded here, and ignored ever after.

SIGINT or SIGTERM stops the node in good order, a second one at once. SIGHUP has
it read the file again, and take at once what the file marks with [reload]; so
does "tocsin reload".`,
		Example: `tocsin agent --node node1 --bootstrap
tocsin agent --config /etc/tocsin/tocsin.yaml
tocsin agent --node node2 --join 127.0.0.1:6000 --data-dir data2 \
    --http 127.0.0.1:6001 --raft 127.0.0.1:7001 --gossip 127.0.0.1:8001
tocsin agent --node paris1 --site paris --http 10.1.0.1:6000 \
    --raft 10.1.0.1:7000 --gossip 10.1.0.1:8000 --join 10.2.0.1:6000 \
    --tls /etc/tocsin/tls --gossip-key-file /etc/tocsin/keyring/gossip.key`,
		Args: exactly(),
	}
	given := optionFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		err := agent.Run(c.Context(), given, a.stderr, thisBuild().Version, a.run)
		if wrong, ok := errors.AsType[agent.Misconfigured](err); ok {
			return misused(c, wrong.Unwrap())
		}
		return err
	}
	return c
}

package cli

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tocsin/fsm"
	"tocsin/node"
)

func (a app) agent() *cobra.Command {
	cfg := node.Config{
		DataDir: "data", Scripts: "scripts",
		HTTP: "127.0.0.1:6000", Raft: "127.0.0.1:7000", Gossip: "127.0.0.1:8000",
		Settings: fsm.DefaultClusterSettings(), Missed: "current",
	}
	logs := logFlags{format: "text", level: "info"}
	c := &cobra.Command{
		Use:         "agent --node NAME [flags]",
		Short:       "Run a node until it is told to stop",
		Annotations: map[string]string{order: "1"},
		Long: `Runs one node. The first node of a cluster is started with --bootstrap, the
others with --join and the HTTP address of any member. A node that has data in
its --data-dir simply comes back; both flags are harmless then.

Every flag can be given as an environment variable too: --data-dir is
TOCSIN_DATA_DIR. What is under Checking, Deciding, Notifying and Cluster are the
first settings of a cluster that is founded here, and ignored ever after.

SIGINT or SIGTERM stops the node in good order, a second one at once.`,
		Example: `tocsin agent --node node1 --bootstrap
tocsin agent --node node2 --join 127.0.0.1:6000 --data-dir data2 \
    --http 127.0.0.1:6001 --raft 127.0.0.1:7001 --gossip 127.0.0.1:8001
tocsin agent --node paris1 --site paris --http 10.1.0.1:6000 \
    --raft 10.1.0.1:7000 --gossip 10.1.0.1:8000 --join 10.2.0.1:6000`,
		Args: exactly(),
	}
	nodeFlags(c, &cfg)
	settingFlags(c, &cfg.Settings.Settings)
	clusterFlags(c, &cfg.Settings)
	limitFlags(c, &cfg)
	logs.addTo(c)
	c.Flags().SetNormalizeFunc(spelling)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := fromEnvironment(c); err != nil {
			return err
		}
		if err := splitScripts(c, &cfg); err != nil {
			return err
		}
		if cfg.Name == "" {
			return misuse(c, "--node is missing: give this node a name of its own, such as --node node1")
		}
		cfg.Version = thisBuild().Version
		cfg.Logger = logs.logger(a.stderr)
		if err := cfg.Validate(); err != nil {
			return misuse(c, "%w", err)
		}
		return a.untilStopped(c.Context(), cfg)
	}
	return c
}

// untilStopped runs the node until SIGINT or SIGTERM. The second signal finds
// the usual disposition back in place, and ends the process at once.
func (a app) untilStopped(ctx context.Context, cfg node.Config) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	if err := a.run(ctx, cfg); err != nil {
		return fmt.Errorf("node %s: %w", cfg.Name, err)
	}
	return nil
}

func nodeFlags(c *cobra.Command, cfg *node.Config) {
	f := c.Flags()
	f.StringVar(&cfg.Name, "node", "", "`name` of this node, kept for life (needed)")
	f.StringVar(&cfg.Site, "site", "", "`name` of the place where it stands, such as a data centre")
	f.StringVar(&cfg.DataDir, "data-dir", cfg.DataDir, "`directory` of what must survive a restart")
	f.StringVar(&cfg.Scripts, "scripts", cfg.Scripts, "`directory` of the verification and notification scripts")
	group(c, "This node", "node", "site", "data-dir", "scripts")

	f.StringVar(&cfg.HTTP, "http", cfg.HTTP, "`address` to answer HTTP on")
	f.StringVar(&cfg.Raft, "raft", cfg.Raft, "`address` to replicate on")
	f.StringVar(&cfg.Gossip, "gossip", cfg.Gossip, "`address` to gossip on, TCP and UDP")
	f.StringVar(&cfg.Advertise, "advertise", "", "`host` that the others reach this node by, if it is another one")
	group(c, "Addresses, as HOST:PORT", "http", "raft", "gossip", "advertise")

	f.BoolVar(&cfg.Bootstrap, "bootstrap", false, "found a cluster, unless a member answers at --join")
	f.Var(list{&cfg.Join}, "join", "HTTP addresses of members, with commas")
	f.Var(list{&cfg.GossipJoin}, "gossip-join", "gossip addresses to contact beside those of the members")
	f.BoolVar(&cfg.LeaveOnExit, "leave-on-exit", false, "leave the cluster for good when stopped")
	group(c, "Joining", "bootstrap", "join", "gossip-join", "leave-on-exit")

	f.Var(list{&cfg.Canaries}, "canary", "HOST:PORT or URLs, with commas, that must be reachable from here: while none answers, this node abstains (its votes are UNKNOWN)")
	group(c, "Doubting itself", "canary")
}

func clusterFlags(c *cobra.Command, s *fsm.ClusterSettings) {
	f := c.Flags()
	f.IntVar(&s.MaxVoters, "max-voters", s.MaxVoters, "nodes that vote in raft; further ones only observe")
	f.Var(word{&s.BallotRefresh, "duration"}, "ballot-refresh", "between repeats of a node's verdicts; they count for three times as long")
	group(c, "Cluster", "max-voters", "ballot-refresh")
}

func limitFlags(c *cobra.Command, cfg *node.Config) {
	f := c.Flags()
	f.IntVar(&cfg.MaxChecks, "max-checks", 64, "check scripts that run at once on this node: to be on time they need endpoints x seconds of a check / interval; http and tcp checks have room of their own")
	f.IntVar(&cfg.MaxNotifications, "max-notifications", 8, "notification scripts that run at once on this node")
	group(c, "Limits", "max-checks", "max-notifications")
	f.Var(word{&cfg.Missed, "policy"}, "missed-notifications", "after a long absence, or the loss of its ledger, this node notifies what is so now (current) or nothing of what it missed (skip)")
	group(c, "Recovery", "missed-notifications")
}

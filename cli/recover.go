package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/datadir"
	"tocsin/prose"
	"tocsin/recovery"
)

func (a app) recover() *cobra.Command {
	return family(&cobra.Command{
		Use:         "recover quarantine|majority",
		Short:       "Bring back a node or a cluster whose data are lost",
		Annotations: map[string]string{help.Order: "8"},
		Long: `Works on the data directory of a node that is stopped. Nothing is ever deleted.

A node refuses to start because its data are damaged, and most of the other
nodes are up: quarantine. Most of the nodes are lost for good, and the cluster
has no leader any more: majority. While a majority of the nodes can still be
started, start them: then there is nothing to recover.`,
		Example: `tocsin recover quarantine --data-dir data
tocsin recover majority --data-dir data --dead node2,node3`,
	}, a.quarantine(), a.majority())
}

func (a app) quarantine() *cobra.Command {
	var q datadir.Quarantine
	c := &cobra.Command{
		Use:         "quarantine --data-dir DIRECTORY",
		Short:       "Set a node's damaged data aside, so that it can start",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Looks at all the data of a node that is stopped, and moves what is damaged into
a folder of its own beside them. If the raft store is damaged the node keeps its
name and comes in again as a new member: start it with --join. The other nodes
must have a majority without it.

If nothing is damaged, nothing is moved.`,
		Example: `tocsin recover quarantine --data-dir data
tocsin recover quarantine --data-dir data --all`,
		Args: exactly(),
	}
	f := c.Flags()
	dataDirFlag(c, &q.DataDir)
	f.StringVar(&q.Node, "node", "", "`name` of the node, if the data no longer tell")
	f.BoolVar(&q.All, "all", false, "set everything aside, damaged or not")
	help.Group(c, "Data", "data-dir", "node", "all")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needDataDir(c); err != nil {
			return err
		}
		done, err := q.SetAside()
		for _, damage := range done.Damage {
			a.say("found: %s\n", prose.OneLine(damage.Error()))
		}
		if err != nil {
			return err
		}
		return a.tell(quarantineWords(done)...)
	}
	return c
}

func quarantineWords(done datadir.Quarantined) []string {
	if len(done.Moved) == 0 {
		return []string{fmt.Sprintf("nothing is damaged: the data of node %s are left as they are", done.Node)}
	}
	words := []string{fmt.Sprintf("set aside: %s, in %s", strings.Join(done.Moved, ", "), done.Folder)}
	if done.Rejoin {
		return append(words, fmt.Sprintf("node %s comes in again as a new member: start it with --join and the HTTP address of another node", done.Node))
	}
	return append(words, fmt.Sprintf("node %s can be started again, as always", done.Node))
}

func (a app) majority() *cobra.Command {
	var l recovery.LostMajority
	c := &cobra.Command{
		Use:         "majority --data-dir DIRECTORY --dead NAMES",
		Short:       "Go on without a majority that is lost for good",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Makes one survivor the only voter of its cluster, from what it has on its disk.
The dead are no members any more; the other survivors come back by themselves
when they are started, and become voters again.

What the chosen survivor does not have is lost, and what it has counts as
committed. Choose the one that has most: without --dead this command changes
nothing, and says who is a member and which entry is the last one here.

It is refused while this node runs, while a majority of the voters is not named
as dead, and while one of the dead answers. A node that only can't be reached
from here is not dead: two majorities would decide side by side. Never start the
dead again with the data that they had.`,
		Example: `tocsin recover majority --data-dir data --dead node2,node3`,
		Args:    exactly(),
	}
	dataDirFlag(c, &l.DataDir)
	c.Flags().Var(config.List(&l.Dead), "dead", "names of the nodes that are lost for good, with commas")
	c.Flags().StringVar(&l.TLS, "tls", "", "`directory` of the node's certificate, as the agent was given it")
	help.Group(c, "Data", "data-dir", "dead", "tls")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needDataDir(c); err != nil {
			return err
		}
		done, err := l.Recover(c.Context())
		if err != nil {
			return err
		}
		return a.tell(majorityWords(done)...)
	}
	return c
}

func majorityWords(done recovery.Recovered) []string {
	words := []string{fmt.Sprintf("node %s is now the only voter of the cluster %s, with all up to entry %d: start it as always", done.Node, done.Cluster, done.Last)}
	if len(done.Survivors) > 0 {
		words = append(words, fmt.Sprintf("then start %s as always: they follow it", strings.Join(done.Survivors, ", ")))
	}
	return append(words, fmt.Sprintf("%s: no longer members; to bring one back, give it an empty --data-dir and --join", strings.Join(done.Dead, ", ")))
}

func dataDirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "data-dir", "", "`directory` of the node's data, as the agent was given it (needed)")
}

// needDataDir asks for --data-dir: what is as far-reaching is not done to a
// directory that nobody has named.
func needDataDir(c *cobra.Command) error {
	if err := fromEnvironment(c, "data-dir"); err != nil {
		return err
	}
	if c.Flags().Lookup("data-dir").Value.String() == "" {
		return misuse(c, "--data-dir is missing: name the directory that the agent was started with")
	}
	return nil
}

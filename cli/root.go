package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
)

func (a app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tocsin",
		Short: "A health watchdog that stays up when things go down",
		Long: `Tocsin watches endpoints from several nodes. When a quorum of the nodes
agrees that an endpoint went down or came up, the change is committed once,
in one order, and every node runs a notification script.`,
		Example: `tocsin agent --node node1 --bootstrap
tocsin set web http://10.0.0.1/health --check http
tocsin status`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			c.SuggestionsMinimumDistance = 2
			if ours, ok := elsewhere()[args[0]]; ok {
				return misuse(c, "there is no command %q: it is \"tocsin %s\" here", args[0], ours)
			}
			if like := c.SuggestionsFor(args[0]); len(like) > 0 {
				return misuse(c, "there is no command %q: do you mean %s?", args[0], strings.Join(like, " or "))
			}
			return misuse(c, "there is no command %q", args[0])
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return misuse(c, "%w", err) })
	root.SetHelpFunc(help.Show)
	under(root, "Run a node", a.init(), a.agent(), a.config(), a.validate(), a.reloadCommand())
	under(root, "Say what is watched", a.set(), a.get(), a.del(), a.endpoint(), a.pause(), a.resume(), a.maintenance())
	under(root, "Look", a.status(), a.why(), a.check("tocsin check", "5c"), a.events(), a.notifications(), a.monitor())
	under(root, "Look after the cluster",
		a.members(), a.cluster(), a.quorum(), a.settings(), a.doctor(), a.debug(), a.snapshot(), a.recover())
	under(root, "Say who may do what", a.tls(), a.token(), a.keygen(), a.keyring())
	under(root, "Scripts, and the rest", a.script(), a.render(), a.version(), a.completion(), a.man())
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true
		c.Flags().BoolP("help", "h", false, "show this page")
		help.Group(c, "Other", "help")
	}
	root.Flags().BoolP("help", "h", false, "show this page")
	root.SetHelpCommand(&cobra.Command{
		Use:    "help [command]",
		Short:  "Show the page of a command",
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			of, _, err := c.Root().Find(args)
			if err != nil || of == c.Root() && len(args) > 0 {
				return misuse(c.Root(), "there is no command %q", strings.Join(args, " "))
			}
			return of.Help()
		},
	})
	return root
}

// elsewhere are the names that other tools have for what ours do.
func elsewhere() map[string]string {
	return map[string]string{
		"put": "set", "add": "set", "delete": "del", "rm": "del", "remove": "del",
		"list": "endpoint list", "ls": "endpoint list", "show": "endpoint show", "apply": "endpoint apply", "export": "endpoint export",
		"watch": "status --watch", "log": "monitor", "logs": "monitor", "history": "events", "health": "status",
		"member": "members", "nodes": "members", "peers": "cluster list-peers", "operator": "cluster",
		"join": "agent --join", "leave": "cluster remove-peer", "failover": "cluster transfer-leader", "switchover": "cluster transfer-leader",
		"server": "agent", "start": "agent", "run": "agent", "backup": "snapshot save", "restore": "snapshot restore", "ca": "tls ca",
	}
}

// under adds commands to root, below a heading of its help page.
func under(root *cobra.Command, heading string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: heading, Title: heading})
	for _, c := range commands {
		c.GroupID = heading
	}
	root.AddCommand(commands...)
}

// family makes c the head of other commands, of which one has to be named.
func family(c *cobra.Command, members ...*cobra.Command) *cobra.Command {
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			names := make([]string, len(members))
			for i, m := range members {
				names[i] = m.Name()
			}
			return misuse(c, "there is no command %q: it is one of %s", args[0], strings.Join(names, ", "))
		}
		return c.Help()
	}
	c.AddCommand(members...)
	for _, m := range members {
		m.DisableFlagsInUseLine = true
		m.Flags().BoolP("help", "h", false, "show this page")
		help.Group(m, "Other", "help")
	}
	return c
}

package cli

import (
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) cluster() *cobra.Command {
	recover := a.recover()
	recover.Annotations[help.Order] = "6"
	for _, c := range recover.Commands() {
		c.DisableFlagsInUseLine = true
	}
	return family(&cobra.Command{
		Use:         "cluster list-peers|add-peer|remove-peer|promote|transfer-leader|recover",
		Short:       "See and change who votes in raft, and who leads",
		Annotations: map[string]string{help.Order: "62b"},
		Long: `Who belongs to the cluster is told by "tocsin members"; this is about raft,
which commits what the cluster decides. Nodes come in by themselves (--join) and
are voters when they have caught up and there is room (max_voters).`,
		Example: `tocsin cluster list-peers
tocsin cluster transfer-leader node2
tocsin cluster remove-peer node4`,
	}, a.listPeers(), a.addPeer(), a.removePeer(), a.promote(), a.transferLeader(), recover)
}

func (a app) listPeers() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "list-peers [flags]",
		Short:       "Show who votes, who leads, and how far the node has come",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Shows raft's configuration as the node that is asked sees it. PART is voter or
non-voter; HEARD is how long ago the last ballot of a node came.`,
		Example: `tocsin cluster list-peers
tocsin cluster list-peers -o json | jq .raft.commit_index`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return show(a, c, &addresses, output, client.Request{Path: "/v1/cluster"}, drawRaft)
	}
	return c
}

func drawRaft(s *screen.Screen, state api.ClusterState) {
	leader := s.Paint(screen.Red, "none")
	if state.Leader != "" {
		leader = screen.Clean(state.Leader)
	}
	s.Line("leader %s, term %d; %d of at most %d vote, and it takes %d to commit", leader, state.Raft.Term, state.Voters, state.MaxVoters, state.Majority)
	contact := ""
	if d := state.Raft.LastContact; d != nil {
		contact = ", heard the leader " + screen.Ago(time.Duration(*d)) + " ago"
	}
	s.Line("%s is %s: committed %d, applied %d, log up to %d%s", screen.Clean(state.Node), screen.Clean(state.Raft.State), state.Raft.CommitIndex, state.Raft.AppliedIndex, state.Raft.LastIndex, contact)
	s.Line("")
	rows := make([][]string, len(state.Peers))
	for i, p := range state.Peers {
		heard := s.Paint(screen.Red, "never")
		switch {
		case !p.Observer:
			heard = s.Paint(screen.Yellow, "on its way out")
		case p.Fresh:
			heard = screen.Ago(time.Duration(*p.HeardAgo)) + " ago"
		case p.HeardAgo != nil:
			heard = s.Paint(screen.Red, "("+screen.Ago(time.Duration(*p.HeardAgo))+" ago)")
		}
		part := string(p.Part)
		if p.Preferred {
			part += ", preferred"
		}
		is := "-"
		if p.Leader {
			is = "yes"
		}
		rows[i] = []string{screen.Clean(p.Node), screen.Clean(p.Address), part, is, heard}
	}
	s.Table([]string{"NODE", "RAFT ADDRESS", "PART", "LEADER", "HEARD"}, rows, 0, 1)
}

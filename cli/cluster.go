package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tocsin/api"
)

func (a app) cluster() *cobra.Command {
	recover := a.recover()
	recover.Annotations[order] = "6"
	for _, c := range recover.Commands() {
		c.DisableFlagsInUseLine = true
	}
	return family(&cobra.Command{
		Use:         "cluster list-peers|add-peer|remove-peer|promote|transfer-leader|recover",
		Short:       "See and change who votes in raft, and who leads",
		Annotations: map[string]string{order: "62b"},
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
		Annotations: map[string]string{order: "1"},
		Long: `Shows raft's configuration as the node that is asked sees it. PART is voter or
non-voter; HEARD is how long ago the last ballot of a node came.`,
		Example: `tocsin cluster list-peers
tocsin cluster list-peers -o json | jq .raft.commit_index`,
		Args: exactly(),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		raw, state, err := fetch[api.ClusterState](c.Context(), client, "/v1/cluster", nil)
		if err != nil {
			return fmt.Errorf("cluster list-peers: %w", err)
		}
		return a.print(output, raw, func(s *screen) { s.raft(state) })
	}
	return c
}

func (s *screen) raft(state api.ClusterState) {
	leader := s.paint(red, "none")
	if state.Leader != "" {
		leader = clean(state.Leader)
	}
	s.line("leader %s, term %d; %d of at most %d vote, and it takes %d to commit", leader, state.Raft.Term, state.Voters, state.MaxVoters, state.Majority)
	contact := ""
	if d := state.Raft.LastContact; d != nil {
		contact = ", heard the leader " + ago(time.Duration(*d)) + " ago"
	}
	s.line("%s is %s: committed %d, applied %d, log up to %d%s", clean(state.Node), clean(state.Raft.State), state.Raft.CommitIndex, state.Raft.AppliedIndex, state.Raft.LastIndex, contact)
	s.line("")
	rows := make([][]string, len(state.Peers))
	for i, p := range state.Peers {
		heard := s.paint(red, "never")
		switch {
		case !p.Observer:
			heard = s.paint(yellow, "on its way out")
		case p.Fresh:
			heard = ago(time.Duration(*p.HeardAgo)) + " ago"
		case p.HeardAgo != nil:
			heard = s.paint(red, "("+ago(time.Duration(*p.HeardAgo))+" ago)")
		}
		part := string(p.Part)
		if p.Preferred {
			part += ", preferred"
		}
		is := "-"
		if p.Leader {
			is = "yes"
		}
		rows[i] = []string{clean(p.Node), clean(p.Address), part, is, heard}
	}
	s.table([]string{"NODE", "RAFT ADDRESS", "PART", "LEADER", "HEARD"}, rows, 0, 1)
}

// change is one thing that is done to a member.
func (a app) change(c *cobra.Command, addresses *[]string, output string, r request, done func(raw []byte) (string, error)) error {
	client, err := a.client(c, addresses)
	if err != nil {
		return err
	}
	raw, err := client.ask(c.Context(), r)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name(), err)
	}
	if output != asTable {
		return a.print(output, raw, nil)
	}
	words, err := done(raw)
	if err != nil {
		return fmt.Errorf("cluster %s: it was done, and the answer can't be read: %w", c.Name(), err)
	}
	a.say("%s\n", words)
	return nil
}

// toMember says what was done to one, or that there was nothing to do.
func toMember(done, nothing string) func([]byte) (string, error) {
	return func(raw []byte) (string, error) {
		var m api.MemberChanged
		err := json.Unmarshal(raw, &m)
		if m.Changed {
			return fmt.Sprintf(done, clean(m.Node)), err
		}
		return fmt.Sprintf(nothing, clean(m.Node)), err
	}
}

func (a app) addPeer() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "add-peer RAFT-ADDRESS [flags]",
		Short:       "Take in a node that waits",
		Annotations: map[string]string{order: "2"},
		Long: `A node that was started with --join comes in by itself. This is for one that is
heard in the gossip and waits, because it was taken out before.`,
		Example: `tocsin cluster add-peer 10.0.0.4:7000`,
		Args:    exactly("RAFT-ADDRESS"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.change(c, &addresses, output, request{method: http.MethodPost, path: "/v1/members", body: api.JoinRequest{Raft: args[0]}},
			toMember("%s is taken in. It votes when it has caught up and there is room.", "%s is a member already: nothing was changed."))
	}
	return c
}

func (a app) removePeer() *cobra.Command {
	var addresses []string
	var output string
	var force bool
	c := &cobra.Command{
		Use:         "remove-peer NODE [flags]",
		Short:       "Take a node out of the cluster",
		Annotations: map[string]string{order: "3"},
		Long: `The node no longer counts in the quorum, and votes in nothing. It stays up to
say so, until it is stopped; started again, it comes in again. If it leads, it
hands the lead over first. Where the cluster would decide nothing any more
without it this is refused, with what to do.`,
		Example: `tocsin cluster remove-peer node4`,
		Args:    exactly("NODE"),
	}
	c.Flags().BoolVar(&force, "force", false, "even if the cluster decides nothing any more without it")
	group(c, "Removing", "force")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := request{method: http.MethodDelete, path: keyPath("/v1/members/", args[0])}
		if force {
			r.query = url.Values{"force": {strconv.FormatBool(force)}}
		}
		return a.change(c, &addresses, output, r, toMember("%s is taken out. Stop it; started again, it comes in again.", "%s was no member."))
	}
	return c
}

func (a app) promote() *cobra.Command {
	var addresses []string
	var output string
	var undo bool
	c := &cobra.Command{
		Use:         "promote NODE [flags]",
		Short:       "Have a node vote in raft before others",
		Annotations: map[string]string{order: "4"},
		Long: `If as many nodes vote as may (max_voters), one that is not preferred makes room:
one that is silent first, then one of the site with the most voters. It is
remembered, also when the node is started again; --undo takes it back.`,
		Example: `tocsin cluster promote node4
tocsin cluster promote node4 --undo`,
		Args: exactly("NODE"),
	}
	c.Flags().BoolVar(&undo, "undo", false, "let it be as any other again")
	group(c, "Promoting", "undo")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := request{method: http.MethodPost, path: keyPath("/v1/members/", args[0]) + "/promote"}
		done, nothing := "%s is preferred as a voter: \"tocsin cluster list-peers\" tells when it votes.", "%s is preferred already: nothing was changed."
		if undo {
			r.method, done, nothing = http.MethodDelete, "%s is preferred no more.", "%s was not preferred: nothing was changed."
		}
		return a.change(c, &addresses, output, r, toMember(done, nothing))
	}
	return c
}

func (a app) transferLeader() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "transfer-leader [NODE] [flags]",
		Short:       "Hand the lead over, to a node or to any voter",
		Annotations: map[string]string{order: "5"},
		Long: `Before work on the machine that leads, for one: nothing has to wait for an
election then. It is refused if NODE does not vote or is not heard.`,
		Example: `tocsin cluster transfer-leader
tocsin cluster transfer-leader node2`,
		Args: atMostOne,
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := request{method: http.MethodPost, path: "/v1/cluster/transfer-leader"}
		if len(args) == 1 {
			r.query = url.Values{"node": {args[0]}}
		}
		return a.change(c, &addresses, output, r, func(raw []byte) (string, error) {
			var done api.LeadTransferred
			err := json.Unmarshal(raw, &done)
			if !done.Changed {
				return clean(done.Leader) + " leads already: nothing was changed.", err
			}
			return clean(done.Leader) + " leads now.", err
		})
	}
	return c
}

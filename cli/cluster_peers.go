package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) addPeer() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "add-peer RAFT-ADDRESS [flags]",
		Short:       "Take in a node that waits",
		Annotations: map[string]string{help.Order: "2"},
		Long: `A node that was started with --join comes in by itself. This is for one that is
heard in the gossip and waits, because it was taken out before.`,
		Example: `tocsin cluster add-peer 10.0.0.4:7000`,
		Args:    exactly("RAFT-ADDRESS"),
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		return change(a, c, &addresses, output, client.Request{Method: http.MethodPost, Path: "/v1/members", Body: api.JoinRequest{Raft: args[0]}},
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
		Annotations: map[string]string{help.Order: "3"},
		Long: `The node no longer counts in the quorum, and votes in nothing. It stays up to
say so, until it is stopped; started again, it comes in again. If it leads, it
hands the lead over first. Where the cluster would decide nothing any more
without it this is refused, with what to do.`,
		Example: `tocsin cluster remove-peer node4`,
		Args:    exactly("NODE"),
	}
	c.Flags().BoolVar(&force, "force", false, "even if the cluster decides nothing any more without it")
	help.Group(c, "Removing", "force")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := client.Request{Method: http.MethodDelete, Path: client.KeyPath("/v1/members/", args[0])}
		if force {
			r.Query = url.Values{"force": {strconv.FormatBool(force)}}
		}
		return change(a, c, &addresses, output, r, toMember("%s is taken out. Stop it; started again, it comes in again.", "%s was no member."))
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
		Annotations: map[string]string{help.Order: "4"},
		Long: `If as many nodes vote as may (max_voters), one that is not preferred makes room:
one that is silent first, then one of the site with the most voters. It is
remembered, also when the node is started again; --undo takes it back.`,
		Example: `tocsin cluster promote node4
tocsin cluster promote node4 --undo`,
		Args: exactly("NODE"),
	}
	c.Flags().BoolVar(&undo, "undo", false, "let it be as any other again")
	help.Group(c, "Promoting", "undo")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := client.Request{Method: http.MethodPost, Path: client.KeyPath("/v1/members/", args[0]) + "/promote"}
		done, nothing := "%s is preferred as a voter: \"tocsin cluster list-peers\" tells when it votes.", "%s is preferred already: nothing was changed."
		if undo {
			r.Method, done, nothing = http.MethodDelete, "%s is preferred no more.", "%s was not preferred: nothing was changed."
		}
		return change(a, c, &addresses, output, r, toMember(done, nothing))
	}
	return c
}

func (a app) transferLeader() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "transfer-leader [NODE] [flags]",
		Short:       "Hand the lead over, to a node or to any voter",
		Annotations: map[string]string{help.Order: "5"},
		Long: `Before work on the machine that leads, for one: nothing has to wait for an
election then. It is refused if NODE does not vote or does not answer.`,
		Example: `tocsin cluster transfer-leader
tocsin cluster transfer-leader node2`,
		Args: atMostOne,
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := client.Request{Method: http.MethodPost, Path: "/v1/cluster/transfer-leader"}
		if len(args) == 1 {
			r.Query = url.Values{"node": {args[0]}}
		}
		return change(a, c, &addresses, output, r, func(done api.LeadTransferred) string {
			if !done.Changed {
				return screen.Clean(done.Leader) + " leads already: nothing was changed."
			}
			return screen.Clean(done.Leader) + " leads now."
		})
	}
	return c
}

// toMember says what was done to one, or that there was nothing to do.
func toMember(done, nothing string) func(api.MemberChanged) string {
	return func(m api.MemberChanged) string {
		if m.Changed {
			return fmt.Sprintf(done, screen.Clean(m.Node))
		}
		return fmt.Sprintf(nothing, screen.Clean(m.Node))
	}
}

package node

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
	"tocsin/fsm"
)

const (
	// hearingCheck is how often a leader looks whether it hears enough.
	hearingCheck = time.Second
	// yieldPause is the least time between two attempts of one node to give the
	// lead away. While one is under way nothing can be written.
	yieldPause = 30 * time.Second
	// hearingTimeout bounds the question whom another voter hears.
	hearingTimeout = 2 * time.Second
)

// keepHearing gives the lead away when this node leads and is cut off from the
// ballots, though not from raft: it decides nothing then, and does not lose the
// lead by itself. Only a voter that hears enough gets it; if none does, nothing
// is better elsewhere, and the lead stays where it is.
func (n *Node) keepHearing(ctx context.Context) error {
	ticker := time.NewTicker(hearingCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		if n.doubter.CutOff() && time.Since(n.yielded) >= yieldPause {
			n.yield(ctx)
		}
	}
}

// yield looks for an heir and hands the lead over to it.
func (n *Node) yield(ctx context.Context) {
	servers, err := n.servers()
	if err != nil {
		return // raft has ended
	}
	observers := n.machine.View().ObserverCount()
	to, found := heir(n.cfg.Name, observers, n.askWhomTheyHear(ctx, servers, anybody))
	if !found || ctx.Err() != nil {
		return
	}
	n.yielded = time.Now()
	n.log.Warn("this node leads and hears too few ballots to decide anything: it hands the lead over", "peer", to, "hears", n.doubter.Heard())
	_, err = n.handOver(ctx, to, func(o *fsm.Observer) bool { return o.Node == to }) // it has just answered
	if err != nil && ctx.Err() == nil {
		n.log.Warn("the lead could not be handed over, it is tried again", "peer", to, "pause", yieldPause, "err", err)
	}
}

// heir returns the voter that a leader, self, hands the lead over to when it is
// cut off from the ballots: of those that follow it in raft, and so are in contact
// with it, and hear a majority of the observers, the one that hears the most. It
// is a pure function.
func heir(self string, observers int, voters []api.Account) (node string, found bool) {
	able := slices.DeleteFunc(slices.Clone(voters), func(a api.Account) bool {
		return a.Node == self || a.Follows != self || 2*a.Hears <= observers
	})
	if len(able) == 0 {
		return "", false
	}
	return slices.MinFunc(able, func(a, b api.Account) int {
		return cmp.Or(cmp.Compare(b.Hears, a.Hears), cmp.Compare(a.Node, b.Node))
	}).Node, true
}

// following returns what says of a voter whether it could take the lead now: it has
// answered a moment ago, and follows this node. Its ballots count for a while
// after its death, and a transfer to one that is dead keeps everybody waiting.
func (n *Node) following(ctx context.Context) (follows func(*fsm.Observer) bool) {
	servers, err := n.servers()
	if err != nil {
		return func(*fsm.Observer) bool { return false } // raft has ended
	}
	accounts := n.askWhomTheyHear(ctx, servers, n.fresh)
	return func(o *fsm.Observer) bool {
		return slices.ContainsFunc(accounts, func(a api.Account) bool { return a.Node == o.Node && a.Follows == n.cfg.Name })
	}
}

func anybody(*fsm.Observer) bool { return true }

// askWhomTheyHear asks all other voters of these at once. Who does not answer in
// time, or is not the one that was asked, has said nothing.
func (n *Node) askWhomTheyHear(ctx context.Context, servers []raft.Server, of func(*fsm.Observer) bool) []api.Account {
	ctx, cancel := context.WithTimeout(ctx, hearingTimeout)
	defer cancel()
	view := n.machine.View()
	answers := make([]api.Account, len(servers))
	var asking sync.WaitGroup
	for i, s := range servers {
		o, known := view.Observer(string(s.ID))
		if !known || s.Suffrage != raft.Voter || o.Node == n.cfg.Name || !of(o) {
			continue
		}
		asking.Go(func() {
			if a, err := n.out.Peers.Account(ctx, o.HTTP, ""); err == nil && a.Node == o.Node {
				answers[i] = a
			}
		})
	}
	asking.Wait()
	return slices.DeleteFunc(answers, func(a api.Account) bool { return a.Node == "" })
}

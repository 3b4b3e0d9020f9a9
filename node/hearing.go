package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/membership"
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
	servers, err := n.raft.Servers()
	if err != nil {
		return // raft has ended
	}
	observers := n.machine.View().ObserverCount()
	to, found := membership.HeirThatHears(n.cfg.Name, observers, n.askWhomTheyHear(ctx, servers, anybody))
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

// following returns what says of a voter whether it could take the lead now: it has
// answered a moment ago, and follows this node. Its ballots count for a while
// after its death, and a transfer to one that is dead keeps everybody waiting.
func (n *Node) following(ctx context.Context) (follows func(*fsm.Observer) bool) {
	servers, err := n.raft.Servers()
	if err != nil {
		return func(*fsm.Observer) bool { return false } // raft has ended
	}
	accounts := n.askWhomTheyHear(ctx, servers, n.fresh)
	return func(o *fsm.Observer) bool {
		return slices.ContainsFunc(accounts, func(a peer.Account) bool { return a.Node == o.Node && a.Follows == n.cfg.Name })
	}
}

func anybody(*fsm.Observer) bool { return true }

// askWhomTheyHear asks all other voters of these at once. Who does not answer in
// time, or is not the one that was asked, has said nothing.
func (n *Node) askWhomTheyHear(ctx context.Context, servers []api.Server, of func(*fsm.Observer) bool) []peer.Account {
	ctx, cancel := context.WithTimeout(ctx, hearingTimeout)
	defer cancel()
	view := n.machine.View()
	answers := make([]peer.Account, len(servers))
	var asking sync.WaitGroup
	for i, s := range servers {
		o, known := view.Observer(s.Node)
		if !known || !s.Voter || o.Node == n.cfg.Name || !of(o) {
			continue
		}
		asking.Go(func() {
			if a, err := n.out.Peers.Account(ctx, o.HTTP, ""); err == nil && a.Node == o.Node {
				answers[i] = a
			}
		})
	}
	asking.Wait()
	return slices.DeleteFunc(answers, func(a peer.Account) bool { return a.Node == "" })
}

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
	// hearingPause is the least time between two attempts of one node to give the
	// lead away because it hears too few, in whichever terms. While one is under way
	// nothing can be written.
	hearingPause = 30 * time.Second
	// hearingTimeout bounds the question whom another voter hears.
	hearingTimeout = 2 * time.Second
)

// hearing is when this node has last tried to give the lead away because it hears too
// few. Only the work of a term touches it, but it outlives the term: where each
// transfer ends with the same leader in another term, the cluster can be written to
// in between.
type hearing struct{ tried time.Time }

// keepHearing gives the lead away when this node leads and is cut off from the
// ballots, though not from raft: it decides nothing then, and does not lose the
// lead by itself. Only a voter that hears enough gets it, and each once in a term; if
// there is none, nothing is better elsewhere, and the lead stays where it is.
func (n *Node) keepHearing(ctx context.Context) error {
	ticker := time.NewTicker(hearingCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		if n.doubter.CutOff() && time.Since(n.hearing.tried) >= hearingPause {
			n.transferToOneThatHears(ctx)
		}
	}
}

func (n *Node) transferToOneThatHears(ctx context.Context) {
	to, err := n.transferTo(ctx, anybody, func(s membership.Succession) (api.Server, error) {
		heir, err := s.HeirThatHears()
		if err == nil {
			n.hearing.tried = time.Now()
			n.log.Warn("this node leads and hears too few ballots to decide anything: it hands the lead over", "peer", heir.Node, "hears", n.doubter.Heard())
		}
		return heir, err
	})
	if to != "" && err != nil && ctx.Err() == nil {
		n.log.Warn("the lead could not be handed over, another voter is tried if one hears enough", "peer", to, "pause", hearingPause, "err", err)
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

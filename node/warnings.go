package node

import (
	"context"
	"slices"
	"time"

	"tocsin/api"
	"tocsin/quorum"
	"tocsin/warning"
)

// warningCheck is how often it is looked whether there is something to warn of.
const warningCheck = 5 * time.Second

// watchWarnings keeps the warnings, for as long as this node takes part. The
// leader tells the log, so that it stands in one of them.
func (n *Node) watchWarnings(ctx context.Context) error {
	tick := time.NewTicker(warningCheck)
	defer tick.Stop()
	w := warning.NewWatched()
	var sight quorum.Sight
	for {
		select {
		case now := <-tick.C:
			p, ok := n.picture()
			if !ok {
				continue
			}
			lasting := w.Update(now, warning.Of(p))
			w.Log(n.log, n.raft.Leads(), lasting)
			blind := sight.Look(n.machine.View(), n.ballots.Table(), now)
			n.tellBlind(blind)
			lasting = append(lasting, warning.Blind(blind)...)
			n.blind.Store(&blind)
			n.warned.Store(&lasting)
		case <-ctx.Done():
			n.warned.Store(nil)
			n.blind.Store(nil)
			return nil
		}
	}
}

// picture returns how the cluster looks from here, false as long as this node
// belongs to no cluster or knows nothing of it.
func (n *Node) picture() (warning.Picture, bool) {
	view := n.machine.View()
	servers, err := n.raft.Servers()
	if err != nil || n.registered() == nil {
		return warning.Picture{}, false
	}
	return warning.Picture{
		Servers: servers, Observers: slices.Collect(view.Observers()), MaxVoters: view.Settings().MaxVoters,
		Members: n.gossip.Members(), Strangers: n.gossip.Strangers(), Holds: view.Holds(),
	}, true
}

// Warnings implements server.Membership.
func (n *Node) Warnings() []api.Warning {
	if w := n.warned.Load(); w != nil {
		return *w
	}
	return nil
}

// Blind implements server.Membership.
func (n *Node) Blind() quorum.Blindness {
	if b := n.blind.Load(); b != nil {
		return *b
	}
	return quorum.Blindness{}
}

// tellBlind tells the log, if this node leads, when the first endpoint has become
// blind, and when none is any more.
func (n *Node) tellBlind(now quorum.Blindness) {
	before := n.Blind()
	switch {
	case !n.raft.Leads():
	case before.Count() == 0 && now.Count() > 0:
		n.log.Warn("too few nodes can judge endpoints, about which nothing is decided", "endpoints", now.Count(), "key", now.Named[0], "reason", now.Reason)
	case before.Count() > 0 && now.Count() == 0:
		n.log.Info("enough nodes can judge every endpoint again")
	}
}

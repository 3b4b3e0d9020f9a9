package node

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"tocsin/api"
)

const (
	// warningGrace is how long something has to be so before it is worth a word:
	// longer than a restart, a move, or the growing of a cluster by one node.
	warningGrace = time.Minute
	warningCheck = 5 * time.Second
)

// watched is what the warnings are at present, and since when. It belongs to one
// goroutine.
type watched struct {
	since  map[api.Warning]time.Time
	logged map[api.Warning]bool
}

func newWatched() *watched {
	return &watched{since: make(map[api.Warning]time.Time), logged: make(map[api.Warning]bool)}
}

// update takes what is so now, and returns what has been so for warningGrace, in
// the same order.
func (w *watched) update(now time.Time, found []api.Warning) (lasting []api.Warning) {
	for known := range w.since {
		if !slices.Contains(found, known) {
			delete(w.since, known)
		}
	}
	for _, f := range found {
		if _, known := w.since[f]; !known {
			w.since[f] = now
		}
		if now.Sub(w.since[f]) >= warningGrace {
			lasting = append(lasting, f)
		}
	}
	return lasting
}

// log tells the log what has begun to last, if it is for this node to tell, and
// what is over of what it told: once each.
func (w *watched) log(log *slog.Logger, tells bool, lasting []api.Warning) {
	for told := range w.logged {
		if !slices.Contains(lasting, told) {
			delete(w.logged, told)
			log.Info("a warning about the members is over", "warning", string(told.Code), "text", told.Text)
		}
	}
	for _, l := range lasting {
		if tells && !w.logged[l] && !toldElsewhere(l.Code) {
			w.logged[l] = true
			log.Warn("a warning about the members", "warning", string(l.Code), "text", l.Text)
		}
	}
}

// toldElsewhere reports whether the gossip tells the log of it at once.
func toldElsewhere(code api.WarningCode) bool {
	return code == api.WarnSilent || code == api.WarnForeignGossip
}

// watchWarnings keeps the warnings, for as long as this node takes part. The
// leader tells the log, so that it stands in one of them.
func (n *Node) watchWarnings(ctx context.Context) error {
	tick := time.NewTicker(warningCheck)
	defer tick.Stop()
	w := newWatched()
	for {
		select {
		case now := <-tick.C:
			p, ok := n.picture()
			if !ok {
				continue
			}
			lasting := w.update(now, warnings(p))
			n.warned.Store(&lasting)
			w.log(n.log, n.leads(), lasting)
		case <-ctx.Done():
			n.warned.Store(nil)
			return nil
		}
	}
}

// picture returns how the members look from here, false as long as this node
// belongs to no cluster or knows nothing of it.
func (n *Node) picture() (picture, bool) {
	view := n.machine.View()
	servers, err := n.servers()
	if err != nil || n.registered() == nil {
		return picture{}, false
	}
	return picture{
		servers: servers, observers: slices.Collect(view.Observers()), maxVoters: view.Settings().MaxVoters,
		members: n.gossip.Members(), strangers: n.gossip.Strangers(),
	}, true
}

// Warnings implements api.Membership.
func (n *Node) Warnings() []api.Warning {
	if w := n.warned.Load(); w != nil {
		return *w
	}
	return nil
}

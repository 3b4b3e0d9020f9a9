package node

import (
	"slices"

	"tocsin/notify"
)

// Changeable is the part of Config that a running node takes anew, without a
// restart. The fields are those of Config.
type Changeable struct {
	Canaries, GossipJoin        []string
	MaxChecks, MaxNotifications int
	Missed                      notify.Policy
	LeaveOnExit, Profiling      bool
}

// Changeable returns that part of c.
func (c Config) Changeable() Changeable {
	return Changeable{
		Canaries: c.Canaries, GossipJoin: c.GossipJoin,
		MaxChecks: c.MaxChecks, MaxNotifications: c.MaxNotifications,
		Missed: c.Missed, LeaveOnExit: c.LeaveOnExit, Profiling: c.Profiling,
	}
}

// with returns c with that part of it changed.
func (c Config) with(change Changeable) Config {
	c.Canaries, c.GossipJoin = change.Canaries, change.GossipJoin
	c.MaxChecks, c.MaxNotifications = change.MaxChecks, change.MaxNotifications
	c.Missed, c.LeaveOnExit, c.Profiling = change.Missed, change.LeaveOnExit, change.Profiling
	return c
}

// Changeable returns what the node works with now.
func (n *Node) Changeable() Changeable {
	now := *n.changeable.Load()
	now.Canaries, now.GossipJoin = slices.Clone(now.Canaries), slices.Clone(now.GossipJoin)
	return now
}

// Reload has the node work with change from now on, and with what the file of the
// gossip keys says, and write its audit log to the file that has the name now. What
// runs already is not stopped: with a smaller limit no other check or script starts until enough of
// them have ended. If change is not valid its faults are returned, each naming
// the flag to change, and nothing has changed.
func (n *Node) Reload(change Changeable) error {
	change.Canaries, change.GossipJoin = slices.Clone(change.Canaries), slices.Clone(change.GossipJoin)
	if err := n.cfg.with(change).Validate(); err != nil {
		return err
	}
	n.reloading.Lock()
	defer n.reloading.Unlock()
	if err := n.trail.reopen(); err != nil { // it is the same one, or another of its name
		return err
	}
	if err := n.reloadKeys(); err != nil { // before the rest: nothing that follows fails
		return err
	}
	before := n.changeable.Swap(&change)
	if !slices.Equal(before.Canaries, change.Canaries) {
		n.canaries.Replace(change.Canaries)
	}
	n.verifier.Limit(change.MaxChecks)
	if notifier := n.notifier.Load(); notifier != nil {
		notifier.Change(notify.Change{MaxRunning: change.MaxNotifications, Missed: change.Missed})
	}
	n.gossip.PeersChanged()
	return nil
}

// newNotifier makes the notifier, and from then on Reload knows it.
func (n *Node) newNotifier(c notify.Config) (*notify.Notifier, error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	now := n.changeable.Load()
	c.MaxRunning, c.Missed = now.MaxNotifications, now.Missed
	notifier, err := notify.New(c)
	if err != nil {
		return nil, err
	}
	n.notifier.Store(notifier)
	return notifier, nil
}

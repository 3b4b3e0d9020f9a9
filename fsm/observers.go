package fsm

import "strings"

// observer returns what c makes of old, the observer of that name so far, nil if
// there is none, where c is applied at that index.
func (c RegisterObserver) observer(old *Observer, index uint64) *Observer {
	o := &Observer{
		Node: c.Node, Site: c.Site, Joined: index, Epoch: index,
		Incarnation: c.Incarnation, Disk: c.Disk, Start: c.Start,
		Raft: c.Raft, Gossip: c.Gossip, HTTP: c.HTTP, Version: c.Version, Protocol: c.Protocol, BallotKey: c.BallotKey,
	}
	if old == nil {
		return o
	}
	o.Joined, o.Previous, o.Preferred = old.Joined, old.Epoch, old.Preferred
	if old.Incarnation == c.Incarnation {
		o.Epoch, o.Previous = old.Epoch, old.Previous
	}
	return o
}

// Registered reports whether that very process is registered, with all that c says
// of it: to register it once more changes nothing.
func (v *View) Registered(c RegisterObserver) bool {
	old, known := v.Observer(c.Node)
	return known && old.Incarnation == c.Incarnation && *c.observer(old, 0) == *old
}

func (b *builder) register(c RegisterObserver) (bool, *Refusal) {
	old, _ := b.observers.Get([]byte(c.Node))
	o := c.observer(old, b.index)
	if refused := b.next.admits(c.Node, c.Version, o.Reads()); refused != nil {
		return false, refused
	}
	if first := b.tookAddress(c); first != nil {
		return false, refuse(Conflict, "the raft address %s was just registered for node %q: choose another --raft, or stop that node", c.Raft, first.Node)
	}
	if old != nil {
		if c.New && *o != *old {
			return false, refuse(Conflict, "a node %q was just registered, and who asks may bring in new ones only: choose another --node, or show the node's certificate (--tls) or a token with the role node (--peer-token-file)", c.Node)
		}
		if old.Disk == c.Disk && c.Start < old.Start {
			return false, refuse(Conflict, "node %q has been started again since this process of it registered", c.Node)
		}
		if *o == *old {
			return false, nil
		}
	}
	b.observers.Insert([]byte(c.Node), o)
	b.next.observersIndex = b.index
	return true, nil
}

func (b *builder) removeObserver(c RemoveObserver) (bool, *Refusal) {
	if _, known := b.observers.Get([]byte(c.Node)); !known {
		return false, refuse(NotFound, "there is no observer %q to remove: look at the status for those there are", c.Node)
	}
	if c.AsOf != 0 && b.next.observersIndex > c.AsOf {
		return false, refuse(Conflict, "node %q is not taken out: the members have just changed, and the others may not be able to do without it any more; look at them, and ask again", c.Node)
	}
	b.observers.Delete([]byte(c.Node))
	b.next.observersIndex = b.index
	return true, nil
}

// tookAddress returns the observer that has registered the raft address of c since
// the proposer looked, nil if none has. Only the proposer knows whether somebody
// who had it before is still heard there.
func (b *builder) tookAddress(c RegisterObserver) *Observer {
	for _, o := range collect(b.observers) {
		if c.AsOf != 0 && o.Node != c.Node && o.Raft == c.Raft && o.Epoch > c.AsOf {
			return o
		}
	}
	return nil
}

func (b *builder) prefer(c PreferVoter) (bool, *Refusal) {
	old, known := b.observers.Get([]byte(c.Node))
	switch {
	case !known:
		return false, refuse(NotFound, "there is no observer %q: see \"tocsin members\"", c.Node)
	case old.Preferred == c.Prefer:
		return false, nil
	}
	// Of the commands of one entry each sees what those before it have done.
	if others, most := b.preferred(), b.next.settings.MaxVoters; c.Prefer && len(others) >= most {
		return false, refuse(Conflict, "there is no room for %q among the voters: max_voters is %d, and %s are preferred already; raise max_voters, take one of them out, or take its preference back (DELETE /v1/members/NODE/promote)", c.Node, most, strings.Join(others, ", "))
	}
	o := *old
	o.Preferred = c.Prefer
	b.observers.Insert([]byte(c.Node), &o)
	return true, nil
}

// preferred returns the nodes that are to vote before others.
func (b *builder) preferred() (nodes []string) {
	for _, o := range collect(b.observers) {
		if o.Preferred {
			nodes = append(nodes, o.Node)
		}
	}
	return nodes
}

package membership

import (
	"cmp"
	"slices"

	"tocsin/api"
	"tocsin/fsm"
)

// place returns the next step that brings servers, all of them observers, to
// where the observers are. Raft takes no configuration in which two servers have
// one address, so whoever can move without that does so first. When nobody can,
// somebody is put aside who is in another one's way:
//
//   - Who is elsewhere itself, and waits too: addresses were dealt anew, and they
//     wait for each other in a circle.
//   - Who is in its place, if the other one has more right to be there. That two
//     observers claim one address can be: a node may take over that of one that
//     has been silent (the leader admits it) and comes back. The one that is heard gets it,
//     or, if none is, the one that registered last: what would let it be heard
//     reaches it only there. Of two that are both heard the
//     one that has it keeps it, and the other waits until it has another one.
//
// Who is put aside keeps its vote, so that this costs nobody a majority, and is
// reached where the observers have it (see Aside). However wrong an address
// may be for a while, no answer is taken for another node's: the transport looks
// who gave it.
func place(servers []api.Server, byNode map[string]*fsm.Observer, observers []*fsm.Observer, self string, fresh func(*fsm.Observer) bool) (Step, bool) {
	holders := make(map[string]*fsm.Observer, len(servers)) // by the address in the configuration
	at := make(map[string]string, len(servers))             // the other way round
	for _, s := range servers {
		o := byNode[s.Node]
		holders[s.Address], at[o.Node] = o, s.Address
	}
	claim := func(a, b *fsm.Observer) int {
		return cmp.Or(compareBool(fresh(b), fresh(a)), cmp.Compare(b.Epoch, a.Epoch))
	}
	waiting := waitingIn(servers, byNode, observers, at)
	slices.SortStableFunc(waiting, claim)
	for _, o := range waiting {
		if holders[o.Raft] != nil {
			continue
		}
		if at[o.Node] == "" {
			return Step{Add, o.Node, o.Raft}, true
		}
		return Step{Move, o.Node, o.Raft}, true
	}
	for _, o := range waiting {
		holder := holders[o.Raft]
		stays := holder.Node == self || fresh(holder) || claim(o, holder) >= 0
		if holder.Raft == at[holder.Node] && stays {
			continue
		}
		return Step{Move, holder.Node, Aside(holder.Node)}, true
	}
	return Step{}, false
}

// waitingIn returns the observers that are not where they ought to be: those to
// be moved, then those to be added.
func waitingIn(servers []api.Server, byNode map[string]*fsm.Observer, observers []*fsm.Observer, at map[string]string) []*fsm.Observer {
	var waiting []*fsm.Observer
	for _, s := range servers {
		if o := byNode[s.Node]; o.Raft != s.Address {
			waiting = append(waiting, o)
		}
	}
	for _, o := range observers {
		if at[o.Node] == "" {
			waiting = append(waiting, o)
		}
	}
	return waiting
}

// Aside is where a server stands in the configuration while another one has its
// address, or is about to. Nobody can be there: it is no address.
func Aside(node string) string { return node + " (moving)" }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Package membership decides who belongs to a cluster, who of them votes, who leads
// and where each is to be reached. Everything here is a pure function of the observers,
// the raft configuration and whom one hears; whoever leads does what is decided, one
// step at a time.
//
//	Plan        the next step that makes the raft configuration follow the observers
//	Succession  who gets the lead when it is given away
//	Removal     what it would cost to take a node out
//	Moved       where those are to be reached that could not register their new address
//
// What will hurt the members before it does is said by package warning.
//
// The observers are the truth: they are replicated, and dead ones count. The raft
// configuration follows them, and what the gossip knows changes neither.
package membership

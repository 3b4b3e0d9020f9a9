// Package node assembles one Tocsin node out of all the other packages: it
// starts and stops everything, lets the node join and leave, and does what only
// the leader does while it leads.
//
// # How a node comes up
//
//	Start ─▶ raft, gossip and HTTP listen
//	      ─▶ establish: a node with nothing on its disk founds a cluster
//	         (--bootstrap) or asks a member to take it in (--join)
//	      ─▶ register: every process of every node commits one
//	         RegisterObserver; the index of it is its epoch
//	      ─▶ take part: ballots go out under that epoch, the notifier follows
//	         the events from there
//
// A node that starts again does the same, without establishing.
//
// # Who belongs to the cluster
//
// The replicated set of observers is the truth. Joining and leaving are
// ordinary commands that change it, and the leader makes the raft configuration
// follow, one step at a time (see membership.Plan): a new observer becomes a non-voter, a
// non-voter whose ballots show that it has caught up becomes a voter while
// there is room, and a server that is no observer is removed. Gossip membership
// changes neither.
//
// # One goroutine owner
//
// Start launches every goroutine in one of three groups, which end one after the
// other (see run). The first that fails ends all, and Stop returns when all have ended, in the reverse order of their start.
package node
